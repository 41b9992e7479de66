package org.alphaquant.worker;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.alphaquant.background.DatabaseAway;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Retries a write while the database is unavailable and the lease is valid. The fence in every
 * statement makes that safe: a write that arrived although its answer was lost changes nothing the
 * second time, or appends one event more.
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
        log.debug("job={} write is repeated: {}", lease.jobId(), DatabaseAway.reason(e));
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
