package org.alphaquant.job.plan;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.job.RefusedException;

/** Says what a model is, from its config.json and the headers of its files alone. */
public interface ModelInspector {

  /** The families that can be quantized. */
  List<FamilyDescription> architectures();

  /**
   * Looks at a model.
   *
   * @throws RefusedException if it is not there, of no known family, or does not fit its family
   */
  ModelInspection inspect(InspectionRequest request);
}
