package org.alphaquant;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A command of the jar, run in this process. */
public record ProgramRun(int status, String out, String err) {

  /** Runs a command; arguments may be given as lists of any objects at the end. */
  public static ProgramRun of(Object... arguments) {
    List<String> flat = new ArrayList<>();
    for (Object argument : arguments) {
      if (argument instanceof Object[] several) {
        for (Object one : several) {
          flat.add(one.toString());
        }
      } else {
        flat.add(argument.toString());
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        new Program(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8))
            .run(flat);
    return new ProgramRun(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
