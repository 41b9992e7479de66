package org.alphaquant.worker;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.alphaquant.background.DatabaseAway;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Retries a write while the database is unavailable and the lease is valid. The fencing epoch makes
 * that safe: repeating a write whose response was lost changes nothing, or appends one event again.
 */
final class RetryingWrites {
  private static final Logger log = LoggerFactory.getLogger(RetryingWrites.class);
  private static final long PAUSE_NANOS = 250_000_000;

  private RetryingWrites() {}

  static <T> T write(Lease lease, Supplier<T> statement) {
    while (true) {
      lease.ensureTrusted();
      try {
        return statement.get();
      } catch (DataAccessException e) {
        if (!DatabaseAway.caused(e)) {
          throw e;
        }
        log.debug("job={} retrying a write: {}", lease.jobId(), DatabaseAway.reason(e));
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
