package org.alphaquant.torch;

/** PyTorch refused a call; the message names the stage of the work and the function. */
public class TorchException extends RuntimeException {

  private final String stage;

  TorchException(String stage, String message, Throwable cause) {
    super("stage '" + stage + "': " + message, cause);
    this.stage = stage;
  }

  /** The stage of the work, as its {@link TensorScope} was named. */
  public String stage() {
    return stage;
  }

  static TorchException of(String stage, String function, RuntimeException cause) {
    String message = firstLines(String.valueOf(cause.getMessage()));
    boolean outOfMemory =
        message.contains("out of memory") || message.contains("can't allocate memory");
    return outOfMemory
        ? new TorchOutOfMemoryException(
            stage, function + " ran out of memory: " + line(message), cause)
        : new TorchException(stage, function + " failed: " + message, cause);
  }

  // The script's line does not matter for memory, and would hide the requested size.
  private static String line(String message) {
    return message
        .lines()
        .map(String::strip)
        .filter(line -> line.contains("out of memory") || line.contains("can't allocate memory"))
        .findFirst()
        .orElse(message);
  }

  // libtorch appends a C++ stack; only the interpreter's part before it helps a reader.
  private static String firstLines(String message) {
    int stack = message.indexOf("Exception raised from");
    return (stack < 0 ? message : message.substring(0, stack)).strip();
  }
}
