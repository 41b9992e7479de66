package org.alphaquant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** The schema is changed by one user, and the service works as another one who may not. */
class MigrateTest {
  private static final String KEY = "qk_abcdefgh_" + "x".repeat(43);
  private static final String PASSWORD = "secret";

  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final String suffix = UUID.randomUUID().toString().substring(0, 8);
  private final String owner = "owner_" + suffix;
  private final String service = "service_" + suffix;
  private JdbcConnectionDetails database;
  private JdbcClient sql;

  @BeforeEach
  void createDatabase() {
    database = TestDatabases.createEmpty();
    sql =
        JdbcClient.create(
            new DriverManagerDataSource(
                database.getJdbcUrl(), database.getUsername(), database.getPassword()));
    String name = database.getJdbcUrl().substring(database.getJdbcUrl().lastIndexOf('/') + 1);
    for (String statement :
        rights().replace("alphaquant_owner", owner).replace("DATABASE", name).split(";")) {
      if (!statement.isBlank()) {
        sql.sql(statement.replace("alphaquant_service", service)).update();
      }
    }
  }

  /** The statements that docs/postgresql.md tells an administrator to give. */
  private static String rights() {
    try {
      String page = Files.readString(Path.of("docs/postgresql.md"));
      String block = page.substring(page.indexOf("```sql") + 6);
      return block
          .substring(0, block.indexOf("```"))
          .replaceAll("--.*", "")
          .replaceAll("create database [^;]*;", "")
          .replaceAll("(?m)^\\\\c.*$", "")
          .replaceAll("password '[^']*'", "password '" + PASSWORD + "'")
          .replace("database alphaquant ", "database DATABASE ");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aServiceWithoutTheRightToChangeTablesWorksAfterTheCommand() throws IOException {
    Path key = Files.writeString(directory.resolve("key"), KEY + "\n");

    assertThat(run(owner, "migrate", "--admin-key-file=" + key)).as(text(err)).isZero();
    assertThat(run(owner, "migrate", "--admin-key-file=" + key)).isZero();
    assertThat(run(service, "create-key", "--owner=alice", "--alphaquant.database.migrate=false"))
        .isZero();

    assertThat(text(out).lines())
        .filteredOn(line -> !line.startsWith("The schema is at version "))
        .startsWith("The administrator's key is let in", "The administrator's key is known")
        .hasSize(3);
    assertThat(sql.sql("select owner from api_key order by owner").query(String.class).list())
        .containsExactly("admin", "alice");
    assertThatThrownBy(() -> query(service, "create table intruder (id int)"))
        .hasStackTraceContaining("permission denied for schema public");
  }

  @Test
  void aServiceThatMayNotMigrateSaysWhatIsMissing() {
    assertThatThrownBy(
            () ->
                OfflineService.start(
                    properties(service),
                    "--alphaquant.database.migrate=false",
                    "--alphaquant.database.schema-wait=0s"))
        .hasStackTraceContaining("migrations, the first being V001__job.sql")
        .hasStackTraceContaining("Run the command migrate of this release");
  }

  @Test
  void aKeyFileThatHoldsNoKeyIsRefusedBeforeAnythingIsDone() throws IOException {
    Path key = Files.writeString(directory.resolve("key"), "changeme");

    assertThat(run(owner, "migrate", "--admin-key-file=" + key)).isEqualTo(2);
    assertThat(run(owner, "migrate", "--admin-key-file=" + key + ".none")).isEqualTo(2);
    assertThat(run(owner, "migrate", "--alphaquant.databse.migrate=true")).isEqualTo(2);

    assertThat(text(err))
        .contains("holds no key of the form", "cannot be read", "is no property of the service")
        .doesNotContain("changeme");
    assertThat(
            sql.sql("select count(*) from pg_tables where tablename = 'job'")
                .query(Long.class)
                .single())
        .isZero();
  }

  private void query(String user, String statement) {
    JdbcClient.create(new DriverManagerDataSource(database.getJdbcUrl(), user, PASSWORD))
        .sql(statement)
        .update();
  }

  private int run(String user, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(properties(user));
    return new Program(new PrintStream(out, true), new PrintStream(err, true)).run(all);
  }

  private List<String> properties(String user) {
    return List.of(
        "--alphaquant.data-dir=" + directory.resolve("data"),
        "--spring.datasource.url=" + database.getJdbcUrl(),
        "--spring.datasource.username=" + user,
        "--spring.datasource.password=" + PASSWORD);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
