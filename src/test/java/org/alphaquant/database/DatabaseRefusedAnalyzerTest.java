package org.alphaquant.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.mock.env.MockEnvironment;

class DatabaseRefusedAnalyzerTest {

  @Test
  void aDatabaseThatIsNotThereIsNamedWithoutItsPassword() {
    FailureAnalysis analysis =
        analyze("jdbc:postgresql://localhost:1/quant?user=a&password=geheim");
    assertThat(analysis.getDescription())
        .startsWith("The database jdbc:postgresql://localhost:1/quant cannot be used: Connection")
        .doesNotContain("geheim");
    assertThat(analysis.getAction())
        .contains("spring.datasource.url", "spring.datasource.password");
  }

  @Test
  void aDatabaseThatTheServerDoesNotHaveIsNamed() {
    JdbcConnectionDetails there = TestDatabases.create();
    String url = there.getJdbcUrl().replaceFirst("/[^/]*$", "/nowhere");
    assertThat(analyze(url + "?user=" + there.getUsername() + "&password=" + there.getPassword()))
        .extracting(FailureAnalysis::getDescription)
        .asString()
        .contains(url, "\"nowhere\" does not exist");
  }

  @Test
  void aStatementThatIsWrongIsNotTheDatabasesFault() {
    assertThat(analyze("jdbc:postgresql://h/d", new SQLException("syntax", "42601"))).isNull();
  }

  private static FailureAnalysis analyze(String url) {
    return analyze(url, catchThrowable(() -> DriverManager.getConnection(url)));
  }

  private static FailureAnalysis analyze(String url, Throwable failure) {
    MockEnvironment environment = new MockEnvironment();
    environment.setProperty("spring.datasource.url", url);
    return new DatabaseRefusedAnalyzer(environment).analyze(new RuntimeException(failure));
  }
}
