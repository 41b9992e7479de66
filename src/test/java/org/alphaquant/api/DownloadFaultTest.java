package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.faults.FaultReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** Downloads that break in the middle and go on, at a service that was started again meanwhile. */
class DownloadFaultTest {
  private static final String NAME = "model.safetensors";
  private static final String OLD = "0123456789abcdef".repeat(300_000);
  private static final String NEW = "fedcba9876543210".repeat(300_000);
  private static final int BROKEN_AT = 1_234_567;

  @TempDir Path data;

  private final JdbcConnectionDetails database = TestDatabases.create();

  @Test
  void aBrokenDownloadGoesOnWithTheSameFileAndNeverWithAnother() throws Exception {
    String id;
    String etag;
    String part;
    try (RunningServer server = server()) {
      id = server.http().postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
      new TestWorker(server).succeed(id, Map.of(NAME, OLD));
      HttpResponse<InputStream> broken =
          HttpClient.newHttpClient()
              .send(
                  server.http().request(path(id)).build(),
                  HttpResponse.BodyHandlers.ofInputStream());
      etag = broken.headers().firstValue("ETag").orElseThrow();
      try (InputStream body = broken.body()) {
        part = new String(body.readNBytes(BROKEN_AT), StandardCharsets.UTF_8);
      }
    }
    try (RunningServer server = server()) {
      Answer rest = resume(server, id, etag);
      assertThat(rest.status()).isEqualTo(206);
      assertThat(part + rest.text()).isEqualTo(OLD);

      new TestWorker(server).replace(id, NAME, NEW);
      Answer whole = resume(server, id, etag);
      assertThat(whole.status()).isEqualTo(200);
      assertThat(whole.text()).isEqualTo(NEW);
      assertThat(whole.header("ETag")).isNotEqualTo(etag);
      FaultReport.survived(
          "F11",
          "a download broken at byte %d was resumed after a restart, and sent anew once the file"
              + " was another one",
          BROKEN_AT);
    }
  }

  @Test
  void aFileThatIsNotAsLongAsItsResultSaysIsNotServed() throws IOException {
    try (RunningServer server = server()) {
      String id = server.http().postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
      new TestWorker(server).succeed(id, Map.of(NAME, OLD));
      String etag = server.http().get(path(id)).header("ETag");
      Files.writeString(data.resolve("work").resolve(id).resolve("1/result").resolve(NAME), "cut");
      problem(resume(server, id, etag), 404, "artifact-not-found");
    }
  }

  private static Answer resume(RunningServer server, String id, String etag) {
    return server.http().get(path(id), "Range", "bytes=" + BROKEN_AT + "-", "If-Range", etag);
  }

  private RunningServer server() {
    return new RunningServer(
        database, Map.of("alphaquant.data-dir", data.toString()), context -> {});
  }

  private static String path(String id) {
    return "/v1/jobs/" + id + "/artifacts/" + NAME;
  }
}
