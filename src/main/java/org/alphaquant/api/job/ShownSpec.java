package org.alphaquant.api.job;

import java.util.List;
import java.util.Optional;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.Problem;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** How much of a job's specification an answer includes: its texts can be megabytes. */
enum ShownSpec {
  /** In lists and streams: none of it. */
  LEFT_OUT,
  /** Of one job: everything but the texts, which are counted instead. */
  WITHOUT_TEXTS,
  /** The whole specification on request, so that it can be posted again. */
  WHOLE;

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String PARAMETER = "include";
  private static final String VALUE = "spec";

  /**
   * Reads the parameter {@code include}.
   *
   * @throws ProblemException for any other value
   */
  static ShownSpec of(Optional<String> include) {
    if (include.isEmpty()) {
      return WITHOUT_TEXTS;
    }
    if (include.get().equals(VALUE)) {
      return WHOLE;
    }
    Problem fault =
        Problem.error("unknown-part", PARAMETER, include.get(), "must be " + VALUE)
            .allowing(List.of(VALUE));
    throw new ProblemException(ProblemType.INVALID_PARAMETER, List.of(fault));
  }

  /** Null where none of it is shown. */
  JsonNode of(JobSpec spec) {
    return switch (this) {
      case LEFT_OUT -> null;
      case WITHOUT_TEXTS -> counted(spec);
      case WHOLE -> JSON.valueToTree(spec);
    };
  }

  private static JsonNode counted(JobSpec spec) {
    List<String> texts = spec.calibration().texts();
    if (texts == null) {
      return JSON.valueToTree(spec);
    }
    ObjectNode shown = JSON.valueToTree(spec.withoutTexts());
    ObjectNode calibration = (ObjectNode) shown.get("calibration");
    calibration.put("texts_count", texts.size());
    calibration.put("texts_characters", texts.stream().mapToLong(String::length).sum());
    return shown;
  }
}
