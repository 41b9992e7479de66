package org.alphaquant.database;

import java.sql.SQLException;
import java.util.List;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Names the database that refused the connection, instead of a stack trace. */
final class DatabaseRefusedAnalyzer extends AbstractFailureAnalyzer<SQLException> {

  // No connection; wrong user or password; no such database; too many; starting or stopping.
  private static final List<String> STATES = List.of("08", "28", "3D", "53", "57P");

  private final Environment environment;

  DatabaseRefusedAnalyzer(Environment environment) {
    this.environment = environment;
  }

  @Override
  protected FailureAnalysis analyze(Throwable failure, SQLException cause) {
    String state = String.valueOf(cause.getSQLState());
    String url = environment.getProperty("spring.datasource.url");
    if (url == null || STATES.stream().noneMatch(state::startsWith)) {
      return null;
    }
    return new FailureAnalysis(
        "The database %s cannot be used: %s"
            .formatted(url.replaceFirst("\\?.*", ""), cause.getMessage()),
        "Check spring.datasource.url, spring.datasource.username and spring.datasource.password,"
            + " and that PostgreSQL runs there and lets this machine in.",
        cause);
  }
}
