package org.alphaquant.scheme;

import java.util.List;

/**
 * Something to say about a configuration.
 *
 * @param severity how much it matters
 * @param code stable name of the kind of finding, {@code unknown-format} for example
 * @param pointer JSON pointer to the place in the configuration; empty for the whole
 * @param value what was given there, or null
 * @param detail one sentence that names the thing, the value and the limit
 * @param allowed what could stand there instead, where it can be listed
 */
public record Finding(
    Severity severity,
    String code,
    String pointer,
    String value,
    String detail,
    List<String> allowed) {
  public Finding {
    allowed = List.copyOf(allowed);
  }

  public static Finding error(String code, String pointer, String value, String detail) {
    return new Finding(Severity.ERROR, code, pointer, value, detail, List.of());
  }

  public static Finding warning(String code, String pointer, String value, String detail) {
    return new Finding(Severity.WARNING, code, pointer, value, detail, List.of());
  }

  public static Finding note(String code, String pointer, String value, String detail) {
    return new Finding(Severity.NOTE, code, pointer, value, detail, List.of());
  }

  /** The same with a list of what is allowed. */
  public Finding allowing(List<String> values) {
    return new Finding(severity, code, pointer, value, detail, values);
  }

  /** The same for a configuration that is part of a larger document, at {@code /config} say. */
  public Finding below(String prefix) {
    return new Finding(severity, code, prefix + pointer, value, detail, allowed);
  }

  public boolean isError() {
    return severity == Severity.ERROR;
  }

  @Override
  public String toString() {
    return (pointer.isEmpty() ? "" : pointer + ": ") + detail;
  }
}
