package org.alphaquant.client;

import java.util.List;

/** The commands of the terminal client, and the terminal that they share. */
public interface Commands {

  /** Where the commands show progress. */
  Terminal terminal();

  /** A new instance of each command, annotated for picocli. */
  static List<Object> all() {
    return List.of(
        new Submit(),
        new PlanJob(),
        new Watch(),
        new ListJobs(),
        new Cancel(),
        new Retry(),
        new Experts(),
        new Download(),
        new Receipt(),
        new Compare());
  }
}
