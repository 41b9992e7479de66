package org.alphaquant.worker;

import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.alphaquant.job.DatabaseAway;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;

/**
 * Repeats a write while the database is away and the lease is trusted. The fence in every statement
 * makes that safe: a write that arrived although its answer was lost changes nothing the second
 * time, or appends one event more.
 */
final class Persistently {
  private static final Logger log = LoggerFactory.getLogger(Persistently.class);
  private static final long PAUSE_NANOS = 250_000_000;

  private Persistently() {}

  static <T> T write(Lease lease, Supplier<T> statement) {
    while (true) {
      lease.ensureTrusted();
      try {
        return statement.get();
      } catch (DataAccessException e) {
        if (!mayPass(e)) {
          throw e;
        }
        log.debug(
            "job={} write is repeated: {}", lease.jobId(), e.getMostSpecificCause().getMessage());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  /** Whether the same statement may do once the database is back. */
  static boolean mayPass(DataAccessException e) {
    // Spring files some of what a driver says of a lost connection under "uncategorized".
    return DatabaseAway.caused(e)
        || !(e.getMostSpecificCause() instanceof SQLException sql && sql.getSQLState() != null)
            && (e instanceof TransientDataAccessException
                || e instanceof DataAccessResourceFailureException
                || e.getMostSpecificCause() instanceof IOException);
  }
}
