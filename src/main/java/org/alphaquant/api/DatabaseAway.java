package org.alphaquant.api;

import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.List;

/** Tells a database that cannot be used now from a statement that is wrong. */
final class DatabaseAway {

  // Connection lost, server stopping or starting, too many connections, given up for another.
  private static final List<String> STATES = List.of("08", "57P", "53", "40");

  private DatabaseAway() {}

  static boolean caused(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLTransientException) {
        return true;
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return STATES.stream().anyMatch(sql.getSQLState()::startsWith);
      }
    }
    return false;
  }
}
