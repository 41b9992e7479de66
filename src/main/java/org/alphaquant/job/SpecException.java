package org.alphaquant.job;

/** A value of a job's specification is outside its limits. */
public class SpecException extends IllegalArgumentException {
  private final String field;
  private final transient Object value;
  private final String limit;

  /**
   * @param field the field as the client wrote it, for example {@code damp}; nested ones as in a
   *     JSON pointer, {@code labels/team}
   * @param value the given value
   * @param limit what is allowed, as the end of the sentence "must be ..."
   */
  public SpecException(String field, Object value, String limit) {
    super("%s is %s but must be %s".formatted(field, shown(value), limit));
    this.field = field;
    this.value = value;
    this.limit = limit;
  }

  /** The field's own name, without the path to it. */
  public String field() {
    return field;
  }

  /** The given value, or null if the field was missing. */
  public Object value() {
    return value;
  }

  /** What is allowed, as the end of the sentence "must be ...". */
  public String limit() {
    return limit;
  }

  private static String shown(Object value) {
    if (value == null) {
      return "missing";
    }
    String text = value.toString();
    String cut = text.length() > 100 ? text.substring(0, 100) + "…" : text;
    return value instanceof CharSequence ? "\"" + cut + "\"" : cut;
  }
}
