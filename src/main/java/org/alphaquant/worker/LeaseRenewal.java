package org.alphaquant.worker;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.queue.Leases;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Renews leases on dedicated connections with short timeouts. */
final class LeaseRenewal implements AutoCloseable {
  private final HikariDataSource connections;
  private final JdbcClient sql;

  LeaseRenewal(JdbcConnectionDetails database, Duration lease) {
    long seconds = Math.max(1, lease.toSeconds() / 4);
    connections = new HikariDataSource();
    connections.setPoolName("lease-keeper");
    connections.setJdbcUrl(database.getJdbcUrl());
    connections.setUsername(database.getUsername());
    connections.setPassword(database.getPassword());
    connections.setMaximumPoolSize(2);
    connections.setMinimumIdle(1);
    connections.setConnectionTimeout(Math.max(1000, seconds * 1000));
    connections.setValidationTimeout(Math.max(500, Math.min(1000, seconds * 500)));
    connections.setInitializationFailTimeout(-1);
    // Without a timeout, a dead connection would block longer than a lease lasts.
    connections.addDataSourceProperty("connectTimeout", seconds);
    connections.addDataSourceProperty("socketTimeout", seconds);
    connections.addDataSourceProperty("ApplicationName", "alphaquant-lease-keeper");
    sql = JdbcClient.create(connections);
  }

  Optional<Boolean> renew(UUID job, long epoch, double ttlSeconds) {
    return sql.sql(Leases.RENEW)
        .param("id", job)
        .param("epoch", epoch)
        .param("ttlSeconds", ttlSeconds)
        .query(Boolean.class)
        .optional();
  }

  @Override
  public void close() {
    connections.close();
  }
}
