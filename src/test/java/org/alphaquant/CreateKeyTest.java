package org.alphaquant;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

class CreateKeyTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void theCommandPrintsTheKeyThatItMade(@TempDir Path data) throws SQLException {
    JdbcConnectionDetails database = TestDatabases.create();
    int status =
        run(
            "create-key",
            "--owner=alice",
            "--scopes=read,admin",
            "--days=30",
            "--alphaquant.data-dir=" + data,
            "--spring.datasource.url=" + database.getJdbcUrl(),
            "--spring.datasource.username=" + database.getUsername(),
            "--spring.datasource.password=" + database.getPassword());
    assertThat(status).isZero();
    String key = text(out).strip();
    assertThat(key).matches("qk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}");
    try (Connection connection =
            DriverManager.getConnection(
                database.getJdbcUrl(), database.getUsername(), database.getPassword());
        ResultSet row =
            connection
                .createStatement()
                .executeQuery(
                    "select id, owner, scopes::text, expires_at > now() + interval '29 days'"
                        + " from api_key")) {
      assertThat(row.next()).isTrue();
      assertThat(row.getString(1)).isEqualTo(key.substring(3, 11));
      assertThat(row.getString(2)).isEqualTo("alice");
      assertThat(row.getString(3)).contains("read", "admin").doesNotContain("write");
      assertThat(row.getBoolean(4)).isTrue();
      assertThat(row.next()).isFalse();
    }
  }

  @Test
  void aCommandWithoutAnOwnerOrWithAnUnknownScopeSaysHowItIsUsed() {
    assertThat(run("create-key")).isEqualTo(2);
    assertThat(run("create-key", "--owner=a", "--scopes=root")).isEqualTo(2);
    assertThat(run("create-key", "--owner=a", "--days=0")).isEqualTo(2);
    assertThat(text(err))
        .contains(
            "Missing required option: '--owner=NAME'",
            "'root' is not a scope",
            "--days is 0 but must be from 1 to 99999",
            "create-key --help");
    assertThat(text(out)).isEmpty();
  }

  private int run(String... arguments) {
    return new Program(new PrintStream(out, true), new PrintStream(err, true))
        .run(List.of(arguments));
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
