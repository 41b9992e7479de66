package org.alphaquant.background;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.orm.jpa.JpaSystemException;

class DatabaseAwayTest {

  @ParameterizedTest
  @ValueSource(strings = {"08006", "57P01", "57P03", "53300", "40001", "40P01"})
  void aServerThatIsGoneFullOrGaveUpIsAway(String state) {
    assertThat(DatabaseAway.caused(wrapped(new SQLException("x", state)))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"42601", "23505", "22P02"})
  void aStatementThatIsWrongIsNotAServerThatIsAway(String state) {
    assertThat(DatabaseAway.caused(wrapped(new SQLException("x", state)))).isFalse();
  }

  @Test
  void aPoolThatFindsItsConnectionClosedSaysNoState() {
    SQLException closed = new SQLException("Connection is closed");
    assertThat(DatabaseAway.caused(wrapped(closed))).isTrue();
  }

  @Test
  void aPoolThatGotNoConnectionInTimeIsADatabaseAway() {
    assertThat(DatabaseAway.caused(wrapped(new SQLTransientConnectionException("time")))).isTrue();
    assertThat(DatabaseAway.caused(new DataAccessResourceFailureException("x"))).isTrue();
    assertThat(DatabaseAway.caused(new IllegalStateException("x"))).isFalse();
  }

  @Test
  void aCauseThatSaysNothingIsNamed() {
    SQLException lost = new SQLException("I/O", "08006", new EOFException());
    assertThat(DatabaseAway.reason(wrapped(lost))).isEqualTo("EOFException");
    assertThat(DatabaseAway.reason(new IllegalStateException("closed"))).isEqualTo("closed");
  }

  private static JpaSystemException wrapped(SQLException cause) {
    return new JpaSystemException(new RuntimeException("wrapped", cause));
  }
}
