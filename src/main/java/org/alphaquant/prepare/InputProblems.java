package org.alphaquant.prepare;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.problem.Problem;

/** Turns exceptions into problems with their place in the request. */
public final class InputProblems {
  private InputProblems() {}

  /** A finding about the configuration. */
  public static Problem of(Problem finding) {
    return finding.below("/config");
  }

  /** Why no plan can keep a contract; a finding about the configuration, or about the contract. */
  static Problem ofContract(Problem refused) {
    return refused.pointer().startsWith("/contract") ? refused : of(refused);
  }

  public static Problem of(String pointer, String value, String detail) {
    return Problem.error("unusable-input", pointer, value, detail);
  }

  /** The problem of a missing or unusable model; for an unknown family it lists the known ones. */
  public static Problem ofModel(String model, String modelType, RuntimeException reason) {
    boolean chosen = modelType != null && reason instanceof ModelException;
    return Problem.error(
            "unusable-model",
            chosen ? "/model_type" : "/model",
            chosen ? modelType : model,
            reason.getMessage())
        .allowing(isUnknownFamily(reason) ? families() : List.of());
  }

  private static boolean isUnknownFamily(RuntimeException reason) {
    return reason instanceof ModelException problem
        && problem.kind() == ModelException.Kind.UNKNOWN_FAMILY;
  }

  private static List<String> families() {
    return ModelFamilies.known().stream().map(FamilyDescription::modelType).toList();
  }
}
