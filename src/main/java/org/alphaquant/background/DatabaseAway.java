package org.alphaquant.background;

import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.List;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;

/** Distinguishes an unavailable database from a faulty statement. */
public final class DatabaseAway {

  // Connection lost, server stopping or starting, too many connections, deadlock or serialization
  // failure.
  private static final List<String> STATES = List.of("08", "57P", "53", "40");

  private DatabaseAway() {}

  /** Whether the statement may succeed once the database is available again. */
  public static boolean caused(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLTransientException) {
        return true;
      }
      if (cause instanceof SQLException sql) {
        return of(sql.getSQLState());
      }
    }
    return e instanceof TransientDataAccessException
        || e instanceof DataAccessResourceFailureException;
  }

  /** Message of the root cause, or its class name if it has none. */
  public static String reason(Throwable e) {
    Throwable first = NestedExceptionUtils.getMostSpecificCause(e);
    return first.getMessage() == null ? first.getClass().getSimpleName() : first.getMessage();
  }

  // An error without a state comes from the connection pool: the connection is lost.
  private static boolean of(String state) {
    return state == null || STATES.stream().anyMatch(state::startsWith);
  }
}
