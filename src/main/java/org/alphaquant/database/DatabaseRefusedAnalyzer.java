package org.alphaquant.database;

import java.sql.SQLException;
import java.util.List;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Explains a refused database connection instead of printing a stack trace. */
final class DatabaseRefusedAnalyzer extends AbstractFailureAnalyzer<SQLException> {

  // No connection; invalid user or password; unknown database; too many connections; starting up.
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
            + " and that PostgreSQL is running there and accepts connections from this machine.",
        cause);
  }
}
