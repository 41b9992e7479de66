package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.deploy.Tools;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import tools.jackson.databind.JsonNode;

/**
 * The service on a PostgreSQL of one's own: TLS only, users without rights beyond their task,
 * PgBouncer in transaction mode before it, a backup of running work, and its restoration.
 */
@Tag("faults")
class OwnPostgresTest {
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": %d, "sequence_length": 64}}
      """;
  private static final String FILE = "/artifacts/model.safetensors";

  @TempDir Path directory;

  private final List<ServiceProcess> services = new ArrayList<>();
  private DebianPostgres postgres;

  @BeforeEach
  void start() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    postgres = new DebianPostgres(directory.resolve("postgres"));
    for (String block : sqlBlocks()) {
      postgres.psqlFile(Files.writeString(directory.resolve("page.sql"), block));
      if (block.contains("create database alphaquant")) {
        migrate("alphaquant");
      }
    }
  }

  @AfterEach
  void stop() {
    services.forEach(ServiceProcess::close);
    if (postgres != null) {
      postgres.close();
    }
  }

  /** What docs/postgresql.md tells an administrator to run, as it stands. */
  private static List<String> sqlBlocks() throws IOException {
    List<String> blocks = new ArrayList<>();
    for (String part : Files.readString(Path.of("docs/postgresql.md")).split("```sql\n")) {
      if (part.contains("```")) {
        blocks.add(part.substring(0, part.indexOf("```")));
      }
    }
    return blocks;
  }

  private void migrate(String database) {
    Tools.run(
        ServiceProcess.java(
            "migrate",
            "--alphaquant.data-dir=" + directory.resolve("migration"),
            "--spring.datasource.url=" + postgres.url(database),
            "--spring.datasource.username=alphaquant_owner",
            "--spring.datasource.password=change-me-1"));
  }

  @Test
  void jobsRunThroughAPoolerAndABackupOfRunningWorkIsWhole() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data")).toRealPath();
    FaultClient client = start("alphaquant", data);
    String first = post(client, 4);
    String second = post(client, 4);
    assertThat(end(client, first)).isEqualTo("SUCCEEDED");
    assertThat(end(client, second)).isEqualTo("SUCCEEDED");
    assertThat(
            postgres.psql(
                "alphaquant",
                "select count(*) filter (where not ssl), count(*) > 0 from pg_stat_ssl"
                    + " join pg_stat_activity using (pid) where usename = 'alphaquant_service'"))
        .isEqualTo("0|t");

    String running = post(client, 128);
    await().until(() -> client.get("/v1/jobs/" + running).json().at("/progress/layer").asInt() > 0);
    assertThat(queueDepthAsKedaAsks()).isEqualTo(1);
    postgres.client("pg_dump", "-Fc", "-f", dump().toString(), "alphaquant");
    Path copy = directory.resolve("copy");
    Tools.run("cp", "-a", data.toString(), copy.toString());
    Map<String, String> before = results(client, first, second);
    services.forEach(ServiceProcess::close);

    postgres.client("createdb", "-O", "alphaquant_owner", "restored");
    postgres.client("pg_restore", "--exit-on-error", "-d", "restored", dump().toString());
    FaultClient restored = start("restored", copy.toRealPath());

    assertThat(results(restored, first, second)).isEqualTo(before);
    assertThat(end(restored, running)).isEqualTo("SUCCEEDED");
    assertThat(restored.get("/v1/jobs").json().path("data").size()).isEqualTo(3);
    FaultReport.survived(
        "backup",
        "TLS, PgBouncer in transaction mode and a dump taken at work: 2 results whole, the running"
            + " job went on after the restoration");
  }

  private Path dump() {
    return directory.resolve("alphaquant.dump");
  }

  private FaultClient start(String database, Path data) {
    String[] common = {
      "spring.datasource.url=" + postgres.pooledUrl(database),
      "spring.datasource.username=alphaquant_service",
      "spring.datasource.password=change-me-2",
      "alphaquant.database.migrate=false",
      "alphaquant.listen=false",
      "alphaquant.worker.devices=cpu"
    };
    ServiceProcess api = new ServiceProcess(data, with(common, "alphaquant.role=api"));
    ServiceProcess worker = new ServiceProcess(data, with(common, "alphaquant.role=worker"));
    for (ServiceProcess service : List.of(api, worker)) {
      service.start();
      services.add(service);
    }
    return new FaultClient(List.of(api.base()), 1);
  }

  private static String[] with(String[] common, String more) {
    List<String> all = new ArrayList<>(List.of(common));
    all.add(more);
    return all.toArray(String[]::new);
  }

  /** As the user that the page makes for it, who may see nothing else. */
  private long queueDepthAsKedaAsks() throws IOException {
    JdbcClient keda =
        JdbcClient.create(
            new DriverManagerDataSource(
                postgres.url("alphaquant"), "alphaquant_keda", "change-me-3"));
    assertThatThrownBy(() -> keda.sql("select spec from job").query().listOfRows())
        .hasStackTraceContaining("permission denied");
    return keda.sql(kedaQuery()).query(Long.class).single();
  }

  /** The one that the chart gives to KEDA. */
  private static String kedaQuery() throws IOException {
    String template = Files.readString(Path.of("helm/templates/autoscaling.yaml"));
    String query = template.substring(template.indexOf("query: >-") + "query: >-".length());
    return query.substring(0, query.indexOf("targetQueryValue"));
  }

  private static String post(FaultClient client, int samples) {
    return client.post("/v1/jobs", JOB.formatted(samples), null).json().get("id").asString();
  }

  private static String end(FaultClient client, String id) {
    List<JsonNode> events = client.follow(id);
    return events.get(events.size() - 1).at("/data/state").asString();
  }

  private static Map<String, String> results(FaultClient client, String... ids) {
    Map<String, String> results = new TreeMap<>();
    for (String id : ids) {
      JsonNode files = client.get("/v1/jobs/" + id + "/artifacts").json();
      int bytes =
          files
              .path("data")
              .valueStream()
              .filter(file -> FILE.endsWith("/" + file.path("name").asString()))
              .findFirst()
              .orElseThrow(() -> new AssertionError(files.toString()))
              .path("bytes")
              .asInt();
      byte[] content = client.download(id, "model.safetensors", bytes);
      results.put(id, files + " " + HexFormat.of().formatHex(sha256(content)));
    }
    return results;
  }

  private static byte[] sha256(byte[] content) {
    try {
      return java.security.MessageDigest.getInstance("SHA-256").digest(content);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
