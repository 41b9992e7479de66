package org.alphaquant.calibration;

/**
 * A text or tokenizer cannot be used. The message names the file and line, the value and the limit,
 * and is fit for the person who supplied them.
 */
public final class CalibrationException extends RuntimeException {

  /** The kind of fault. */
  public enum Kind {
    /** The model folder has no usable tokenizer. */
    TOKENIZER,
    /** The file is missing, unreadable, too large or not UTF-8. */
    TEXT_FILE,
    /** A line of a JSONL file is not a JSON object. */
    BAD_LINE,
    /** A line of a JSONL file lacks the field that should hold the text. */
    MISSING_FIELD,
    /** A conversation cannot be written by the model's chat template. */
    TEMPLATE,
    /** The text runs out before all samples are made. */
    TOO_LITTLE_TEXT
  }

  private final Kind kind;

  CalibrationException(Kind kind, String message) {
    this(kind, message, null);
  }

  CalibrationException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
