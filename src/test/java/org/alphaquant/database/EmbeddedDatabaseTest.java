package org.alphaquant.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.alphaquant.QuickJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedDatabaseTest {
  @TempDir Path data;

  @Test
  void dataSurvivesARestart() throws Exception {
    try (EmbeddedDatabase first = EmbeddedDatabase.start(data)) {
      execute(first, "create table kept (value int)");
      execute(first, "insert into kept values (42)");
      assertThat(query(first, "show fsync")).isEqualTo("on");
      assertThat(query(first, "show synchronous_commit")).isEqualTo("on");
    }
    assertThat(data.resolve("postgres/postmaster.pid")).doesNotExist();
    try (EmbeddedDatabase second = EmbeddedDatabase.start(data)) {
      assertThat(query(second, "select value from kept")).isEqualTo("42");
    }
  }

  @Test
  void onlyWhoKnowsTheSecretGetsIn() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
      assertThatThrownBy(
              () -> DriverManager.getConnection(database.jdbcUrl(), "postgres", "guess").close())
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password authentication failed");
      assertThat(Files.getPosixFilePermissions(data.resolve("postgres.secret"))).hasSize(2);
    }
  }

  @Test
  void aSecondServerOnTheSameDirectoryIsToldWhatToDo() throws Exception {
    try (EmbeddedDatabase first = EmbeddedDatabase.start(data)) {
      assertThatThrownBy(() -> EmbeddedDatabase.start(data))
          .isInstanceOf(DatabaseStartException.class)
          .hasMessageContaining("in use by another AlphaQuant server (process ")
          .hasMessageContaining("alphaquant.data-dir");
      assertThat(query(first, "select 1")).isEqualTo("1");
    }
  }

  @Test
  void aServerThatWasKilledLeavesNothingInTheWay() throws Exception {
    Process killed = startInAnotherProcess();
    assertThat(data.resolve("postgres/postmaster.pid")).exists();
    long abandoned =
        Long.parseLong(Files.readAllLines(data.resolve("postgres/postmaster.pid")).get(0));
    killed.destroyForcibly();
    killed.waitFor();
    assertThat(ProcessHandle.of(abandoned)).isPresent();

    try (EmbeddedDatabase next = EmbeddedDatabase.start(data)) {
      assertThat(query(next, "select value from kept")).isEqualTo("7");
      await().until(() -> ProcessHandle.of(abandoned).filter(ProcessHandle::isAlive).isEmpty());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "QUIT", "INT"})
  void aDatabaseThatEndsByItselfIsStartedAgain(String signal) throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
      execute(database, "create table kept (value int)");
      execute(database, "insert into kept values (7)");
      String pid = Files.readAllLines(data.resolve("postgres/postmaster.pid")).get(0);
      new ProcessBuilder("kill", "-" + signal, pid).start().waitFor();
      await().until(() -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
      await().ignoreExceptions().until(() -> query(database, "select value from kept").equals("7"));
    }
    assertThat(data.resolve("postgres/postmaster.pid")).doesNotExist();
  }

  @Test
  void aProcessIdThatIsSomebodyElsesNowIsNoHindrance() throws Exception {
    EmbeddedDatabase.start(data).close();
    Files.writeString(
        data.resolve("postgres/postmaster.pid"),
        ProcessHandle.current().pid() + "\n" + data.resolve("postgres") + "\n");

    try (EmbeddedDatabase next = EmbeddedDatabase.start(data)) {
      assertThat(query(next, "select 1")).isEqualTo("1");
    }
  }

  @Test
  void aFirstStartThatWasCutShortIsBegunAgain() throws Exception {
    Files.createDirectories(data.resolve("postgres"));
    Files.writeString(data.resolve("postgres/postgresql.conf"), "half written");

    try (EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
      assertThat(query(database, "select 1")).isEqualTo("1");
    }
  }

  private Process startInAnotherProcess() throws IOException {
    List<String> command = QuickJvm.command(StartDatabase.class);
    command.add(data.toString());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    InputStream output = process.getInputStream();
    assertThat(output.read()).isEqualTo('!');
    return process;
  }

  /** Starts the database, says so with one character, and waits to be killed. */
  static final class StartDatabase {
    public static void main(String[] arguments) throws Exception {
      EmbeddedDatabase database = EmbeddedDatabase.start(Path.of(arguments[0]));
      execute(database, "create table kept (value int)");
      execute(database, "insert into kept values (7)");
      System.out.write('!');
      System.out.flush();
      Thread.currentThread().join();
    }
  }

  private static void execute(EmbeddedDatabase database, String sql) throws SQLException {
    try (Connection connection = connect(database);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(EmbeddedDatabase database, String sql) throws SQLException {
    try (Connection connection = connect(database);
        var statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static Connection connect(EmbeddedDatabase database) throws SQLException {
    return DriverManager.getConnection(database.jdbcUrl(), "postgres", database.password());
  }
}
