package org.alphaquant.job;

import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.List;
import org.hibernate.TransactionException;

/** Tells a database that cannot be used now from a statement that is wrong. */
public final class DatabaseAway {

  // Connection lost, server stopping or starting, too many connections, given up for another.
  private static final List<String> STATES = List.of("08", "57P", "53", "40");

  private DatabaseAway() {}

  /** Whether the same statement may do once the database is back. */
  public static boolean caused(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      // What broke the connection hides behind the rollback that was not possible any more: the
      // pool's "Connection is closed" has no state.
      if (cause instanceof SQLTransientException || cause instanceof TransactionException) {
        return true;
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return STATES.stream().anyMatch(sql.getSQLState()::startsWith);
      }
    }
    return false;
  }
}
