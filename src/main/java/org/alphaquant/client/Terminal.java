package org.alphaquant.client;

import java.io.PrintStream;

/**
 * The output of a command: lines that stay, and a last line that is redrawn. Without a terminal the
 * last line is printed whenever its step changes, without control characters.
 */
public final class Terminal {
  private static final String START_OF_LINE = "\r\033[K";

  private final String command;
  private final PrintStream out;
  private final PrintStream errors;
  private final int width;
  private String step = "";
  private boolean drawn;
  private boolean leaving;
  private boolean failed;

  /**
   * @param command name of the command, which prefixes error messages
   * @param width columns of the terminal; 0 where there is none
   */
  public Terminal(String command, PrintStream out, PrintStream errors, int width) {
    this.command = command;
    this.out = out;
    this.errors = errors;
    this.width = width;
  }

  /** Columns; 0 where there is no terminal. */
  int width() {
    return width;
  }

  public boolean isLive() {
    return width > 0;
  }

  /** Prints text that stays. */
  public synchronized void print(String text) {
    if (!leaving) {
      line(out, text);
    }
  }

  /** Prints an error message. */
  public synchronized void fail(String text) {
    if (!leaving) {
      line(errors, command + ": " + text);
      failed = true;
    }
  }

  public synchronized boolean hasFailed() {
    return failed;
  }

  /**
   * Redraws the last line.
   *
   * @param newStep the step that it describes; without a terminal only a new step is printed
   */
  public synchronized void redraw(String newStep, String line) {
    if (!leaving) {
      draw(newStep, line);
    }
  }

  /** Ignores everything but {@link #close} from now on: the program is being stopped. */
  public synchronized void leave(String text) {
    draw(text, text);
    leaving = true;
  }

  /** Prints the final line. */
  public synchronized void close(String text) {
    line(out, text);
  }

  private void draw(String newStep, String line) {
    if (isLive()) {
      // One column less, because some terminals wrap when the last one is filled.
      String cut = line.length() < width ? line : line.substring(0, width - 1);
      out.print(START_OF_LINE + cut);
      drawn = true;
    } else if (!newStep.equals(step)) {
      out.println(line.stripTrailing());
    }
    out.flush();
    step = newStep;
  }

  private void line(PrintStream stream, String text) {
    if (drawn) {
      out.print(START_OF_LINE);
      out.flush();
      drawn = false;
    }
    stream.println(text);
    stream.flush();
    step = "";
  }
}
