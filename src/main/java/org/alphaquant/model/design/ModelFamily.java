package org.alphaquant.model.design;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;

/** A model family: turns a config.json into a {@link Blueprint}. One folder per family. */
public interface ModelFamily {

  /** Describes the family for people, with its {@code model_type}. */
  FamilyDescription description();

  /**
   * Lays out the model of a checkpoint.
   *
   * @throws org.alphaquant.architecture.ModelException for a key that is missing, malformed or not
   *     supported
   */
  Blueprint blueprint(ModelSource source);

  /**
   * The same, then checks that every key of config.json that changes the arithmetic was read.
   *
   * @throws org.alphaquant.architecture.ModelException for such a key
   */
  default Blueprint checkedBlueprint(ModelSource source) {
    Blueprint blueprint = blueprint(source);
    ArithmeticKeys.refuseUnread(source.config(), name());
    return blueprint;
  }

  /** {@code model_type}. */
  default String name() {
    return description().modelType();
  }

  /** Values of {@code architectures} that mean this family. */
  default List<String> architectures() {
    return description().architectures();
  }
}
