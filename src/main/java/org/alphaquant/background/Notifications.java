package org.alphaquant.background;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.SmartLifecycle;

/**
 * Receives LISTEN/NOTIFY messages on a dedicated connection, because pooled connections are
 * retired. A message is a hint to query the rows sooner; it may arrive twice or never. After every
 * reconnect all listeners are called.
 */
public final class Notifications implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Notifications.class);
  private static final int WAIT_MILLIS = 1000;
  private static final Duration RECONNECT_AFTER = Duration.ofSeconds(1);

  private final JdbcConnectionDetails database;
  private final boolean listen;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Rounds rounds;

  Notifications(JdbcConnectionDetails database, boolean listen) {
    this.database = database;
    this.listen = listen;
    this.rounds = new Rounds("job-notifications", RECONNECT_AFTER, this::listen);
  }

  /** Adds a listener; it is called on the listening thread and must return soon. */
  public void add(Listener listener) {
    listeners.add(listener);
  }

  @Override
  public void start() {
    rounds.start();
  }

  /** Listens on one connection until it fails; the next round opens a new one. */
  private Duration listen() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (Channel channel : Channel.values()) {
        statement.execute("listen " + channel.sqlName);
      }
      listeners.forEach(Notifications::mayHaveMissed);
      PGConnection notifications = connection.unwrap(PGConnection.class);
      while (rounds.goesOn()) {
        for (PGNotification notification : notifications.getNotifications(WAIT_MILLIS)) {
          deliver(notification);
        }
      }
    }
    return RECONNECT_AFTER;
  }

  private static void mayHaveMissed(Listener listener) {
    try {
      listener.mayHaveMissed();
    } catch (RuntimeException e) {
      log.error("A listener failed at a new connection", e);
    }
  }

  private Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", database.getUsername());
    properties.setProperty("password", database.getPassword());
    properties.setProperty("ApplicationName", "alphaquant-notifications");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("tcpKeepAlive", "true");
    return DriverManager.getConnection(database.getJdbcUrl(), properties);
  }

  private void deliver(PGNotification notification) {
    Channel channel = Channel.of(notification.getName());
    for (Listener listener : listeners) {
      try {
        listener.notified(channel, notification.getParameter());
      } catch (RuntimeException e) {
        log.error("A listener of {} failed", channel, e);
      }
    }
  }

  @Override
  public void stop() {
    rounds.stop();
  }

  @Override
  public boolean isAutoStartup() {
    return listen;
  }

  @Override
  public boolean isRunning() {
    return rounds.isRunning();
  }

  @Override
  public int getPhase() {
    return 0;
  }

  /** Channels of notifications. */
  public enum Channel {
    /** A job was queued; the payload is its id. */
    QUEUE,
    /** A running job is to be cancelled; the payload is its id. */
    CANCEL,
    /** A job has a new event; the payload is the job's id. */
    EVENT,
    /** A message to a webhook is due; the payload is the job's id. */
    WEBHOOK;

    private final String sqlName = "alphaquant_" + name().toLowerCase(Locale.ROOT);

    public String sqlName() {
      return sqlName;
    }

    static Channel of(String sqlName) {
      for (Channel channel : values()) {
        if (channel.sqlName.equals(sqlName)) {
          return channel;
        }
      }
      throw new IllegalArgumentException("channel " + sqlName);
    }
  }

  /** Receives notifications. */
  public interface Listener {
    void notified(Channel channel, String payload);

    /** The connection is new, so notifications may have been missed: query everything. */
    void mayHaveMissed();
  }
}
