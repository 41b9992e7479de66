package org.alphaquant.prepare;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.job.SpecProblem;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.scheme.Finding;

/** What keeps a request from being run, with its place in the request. */
public final class InputProblems {
  private InputProblems() {}

  /** A finding about the configuration. */
  public static SpecProblem of(Finding finding) {
    Finding below = finding.below("/config");
    return new SpecProblem(below.pointer(), below.value(), below.detail(), below.allowed());
  }

  public static SpecProblem of(String pointer, String value, String detail) {
    return new SpecProblem(pointer, value, detail, List.of());
  }

  /** A model that is not there or cannot be used; an unknown family comes with the known ones. */
  public static SpecProblem ofModel(String model, String modelType, RuntimeException reason) {
    boolean chosen = modelType != null && reason instanceof ModelException;
    return new SpecProblem(
        chosen ? "/model_type" : "/model",
        chosen ? modelType : model,
        reason.getMessage(),
        isUnknownFamily(reason) ? families() : List.of());
  }

  private static boolean isUnknownFamily(RuntimeException reason) {
    return reason instanceof ModelException problem
        && problem.kind() == ModelException.Kind.UNKNOWN_FAMILY;
  }

  private static List<String> families() {
    return ModelFamilies.known().stream().map(FamilyDescription::modelType).toList();
  }
}
