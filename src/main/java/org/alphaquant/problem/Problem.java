package org.alphaquant.problem;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Something to say about a request or a part of it, a configuration for example.
 *
 * @param severity how much it matters
 * @param code stable name of the kind of finding, {@code unknown-format} for example
 * @param pointer JSON pointer to the place, or the name of the parameter or header; empty for the
 *     whole
 * @param value what was given there, cut where it is long; null where nothing was, or an object or
 *     array
 * @param detail one sentence that names the thing, the value and the limit
 * @param allowed what could stand there instead, where it can be listed
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Problem(
    Severity severity,
    String code,
    String pointer,
    Object value,
    String detail,
    List<String> allowed) {

  private static final int LONGEST_VALUE = 200;

  public Problem {
    value = shortened(value);
    allowed = List.copyOf(allowed);
  }

  public static Problem error(String code, String pointer, Object value, String detail) {
    return new Problem(Severity.ERROR, code, pointer, value, detail, List.of());
  }

  public static Problem warning(String code, String pointer, Object value, String detail) {
    return new Problem(Severity.WARNING, code, pointer, value, detail, List.of());
  }

  public static Problem note(String code, String pointer, Object value, String detail) {
    return new Problem(Severity.NOTE, code, pointer, value, detail, List.of());
  }

  /** The same with a list of what is allowed. */
  public Problem allowing(List<String> values) {
    return new Problem(severity, code, pointer, value, detail, values);
  }

  /** The same for a configuration that is part of a larger document, at {@code /config} say. */
  public Problem below(String prefix) {
    return new Problem(severity, code, prefix + pointer, value, detail, allowed);
  }

  /** The same as something that keeps the request from being done. */
  public Problem asError() {
    return new Problem(Severity.ERROR, code, pointer, value, detail, allowed);
  }

  @JsonIgnore
  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** What was posted must not be able to blow up the answer. */
  private static Object shortened(Object value) {
    if (value instanceof JsonNode node) {
      return node.isContainer() || node.isMissingNode()
          ? null
          : node.isString() ? shortened(node.stringValue()) : node;
    }
    if (value instanceof String text && text.length() > LONGEST_VALUE) {
      return text.substring(0, LONGEST_VALUE) + "…";
    }
    return value;
  }

  @Override
  public String toString() {
    return (pointer.isEmpty() ? "" : pointer + ": ") + detail;
  }
}
