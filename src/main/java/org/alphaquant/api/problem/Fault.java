package org.alphaquant.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.alphaquant.job.RefusedException;
import org.alphaquant.problem.Problem;
import tools.jackson.databind.JsonNode;

/**
 * One thing that is wrong with a request.
 *
 * @param pointer JSON pointer into the body, or the parameter's name
 * @param detail what is wrong, as the end of a sentence that begins with the pointer
 * @param value what was given, when it is short
 * @param allowed what would have been right
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Fault(String pointer, String detail, Object value, Object allowed) {

  private static final int LONGEST_VALUE = 200;

  public Fault {
    value = shortened(value);
  }

  public Fault(String pointer, String detail) {
    this(pointer, detail, null, null);
  }

  public static Fault of(Problem problem) {
    return new Fault(
        problem.pointer(),
        problem.detail(),
        problem.value(),
        problem.allowed().isEmpty() ? null : problem.allowed());
  }

  public static List<Fault> of(RefusedException refused) {
    return refused.problems().stream().map(Fault::of).toList();
  }

  public String sentence() {
    return (pointer.isEmpty() ? "the body" : pointer) + " " + detail + given();
  }

  private String given() {
    return value == null || detail.contains(String.valueOf(value)) ? "" : ", but is " + value;
  }

  /** What was posted must not be able to blow up the answer. */
  private static Object shortened(Object value) {
    if (value instanceof JsonNode node && (node.isContainer() || node.isMissingNode())) {
      return null;
    }
    if (value instanceof JsonNode node && node.isString()) {
      return shortened(node.stringValue());
    }
    if (value instanceof String text && text.length() > LONGEST_VALUE) {
      return text.substring(0, LONGEST_VALUE) + "…";
    }
    return value;
  }
}
