package org.alphaquant.job.plan;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.job.RefusedException;

/** Describes a model from its config.json and file headers. */
public interface ModelInspector {

  /** The families that can be quantized. */
  List<FamilyDescription> architectures();

  /**
   * Describes a model.
   *
   * @throws RefusedException if it does not exist, is of an unknown family, or does not fit its
   *     family
   */
  ModelInspection inspect(InspectionRequest request);
}
