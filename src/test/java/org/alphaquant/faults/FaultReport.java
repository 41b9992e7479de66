package org.alphaquant.faults;

/** What the tests of faults did, and what was left whole; docs/queue.md lists them by number. */
public final class FaultReport {
  private FaultReport() {}

  public static void survived(String fault, String sentence, Object... values) {
    System.out.printf("[fault] %s: %s%n", fault, sentence.formatted(values));
  }
}
