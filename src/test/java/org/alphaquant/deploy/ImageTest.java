package org.alphaquant.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Both targets of the Dockerfile, built by Debian's buildah on a debootstrap base, as root. No
 * container engine is needed; only the distribution of libtorch for CUDA is stood in for.
 */
@Tag("faults")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImageTest {
  private static final Path SCRIPTS = Path.of("src/test/sh").toAbsolutePath();

  private Path work;

  @BeforeAll
  void build() throws Exception {
    Tools.needRoot("buildah", "debootstrap", "unshare");
    work = Files.createTempDirectory("images");
    Path log = work.resolve("build.log");
    Process build =
        new ProcessBuilder(SCRIPTS.resolve("build-images.sh").toString(), work.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(build.waitFor(40, TimeUnit.MINUTES)).isTrue();
    assertThat(build.exitValue()).as(Files.readString(log)).isZero();
  }

  @AfterAll
  void remove() throws Exception {
    if (work != null) {
      String unmounted =
          "awk -v work=\"$0\" 'index($2, work \"/\") == 1 { print $2 }' /proc/mounts | sort -r"
              + " | xargs -r umount";
      Tools.run("bash", "-c", unmounted, work.toString());
      Tools.run("rm", "-rf", "--one-file-system", work.toString());
    }
  }

  @Test
  void theCpuImageQuantizesAModelReadOnlyAsAnotherUserThanRoot() throws Exception {
    Path data = Files.createDirectory(work.resolve("data"));
    new ProcessBuilder("chown", user("cpu"), data.toString()).start().waitFor();
    int port = freePort();
    Process service =
        start("cpu", data, "--server.port=" + port, "--management.server.port=0", anonymous());
    try {
      String base = "http://localhost:" + port;
      await()
          .atMost(Duration.ofMinutes(3))
          .ignoreExceptions()
          .until(() -> get(base + "/readyz").path("status").asString().equals("UP"));
      String job =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(base + "/v1/jobs"))
                      .header("Content-Type", "application/json")
                      .POST(BodyPublishers.ofFile(Path.of("examples/jobs/olmoe-demo.json")))
                      .build(),
                  BodyHandlers.ofString())
              .body();
      String id = JsonMapper.shared().readTree(job).path("id").asString();
      await()
          .atMost(Duration.ofMinutes(3))
          .until(
              () ->
                  !List.of("QUEUED", "RUNNING")
                      .contains(get(base + "/v1/jobs/" + id).path("state").asString()));
      assertThat(get(base + "/v1/jobs/" + id).path("state").asString()).isEqualTo("SUCCEEDED");
      assertThat(healthcheck(port).waitFor()).isZero();
      assertThat(healthcheck(freePort()).waitFor()).isEqualTo(1);
      assertThat(run("cpu", data, "touch", "/app/x").waitFor()).isEqualTo(1);
    } finally {
      service.descendants().forEach(ProcessHandle::destroy);
      service.destroy();
      service.waitFor(1, TimeUnit.MINUTES);
    }
  }

  @Test
  void theGpuImageHoldsTheDistributionOfLibtorchAndNoNativesForTheCpu() throws Exception {
    Path files = files("gpu");
    List<String> found;
    try (Stream<Path> all = Files.walk(files.resolve("opt"))) {
      found =
          all.filter(Files::isRegularFile)
              .map(file -> files.relativize(file).toString())
              .filter(name -> name.contains(".so") && !name.startsWith("opt/java"))
              .toList();
    }
    assertThat(found)
        .hasSize(3)
        .contains("opt/libtorch/libtorch_cuda.so")
        .anyMatch(name -> name.matches("opt/djl/pytorch/2.7.1-cu128-.*-libdjl_torch.so"))
        .anyMatch(name -> name.endsWith("libtokenizers.so"));
    assertThat(files.resolve("opt/libtorch/libprotobuf.a")).doesNotExist();
    assertThat(libraries(files)).noneMatch(name -> name.contains("pytorch-native"));
    assertThat(environment("gpu"))
        .contains(
            "PYTORCH_LIBRARY_PATH=/opt/libtorch",
            "PYTORCH_VERSION=2.7.1",
            "PYTORCH_FLAVOR=cu128",
            "OMP_WAIT_POLICY=passive");
    Path data = Files.createDirectory(work.resolve("gpu-data"));
    assertThat(start("gpu", data, "--version").waitFor()).isZero();
  }

  @Test
  void bothImagesSayWhatIsInThemAndRunAsOtherThanRoot() throws Exception {
    for (String target : List.of("cpu", "gpu")) {
      JsonNode config = config(target);
      assertThat(config.path("User").asString()).isEqualTo("10001:10001");
      assertThat(config.path("Labels").path("org.opencontainers.image.licenses").asString())
          .isEqualTo("Apache-2.0");
      assertThat(config.path("Healthcheck").path("Test").path(0).asString()).isEqualTo("CMD");
      Path sbom = files(target).resolve("usr/share/doc/alphaquant/sbom/application.cdx.json");
      assertThat(JsonMapper.shared().readTree(Files.readString(sbom)).path("components").size())
          .isGreaterThan(50);
    }
  }

  private static List<String> libraries(Path files) throws IOException {
    try (Stream<Path> jars = Files.list(files.resolve("app/lib"))) {
      return jars.map(jar -> jar.getFileName().toString()).toList();
    }
  }

  private Process healthcheck(int port) throws IOException {
    List<String> command = new ArrayList<>(List.of("chroot", files("cpu").toString(), "env"));
    command.add("SERVER_PORT=" + port);
    config("cpu").path("Healthcheck").path("Test").forEach(part -> command.add(part.asString()));
    command.remove("CMD");
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private Process start(String target, Path data, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "-i"));
    command.addAll(environment(target));
    config(target).path("Entrypoint").forEach(part -> command.add(part.asString()));
    command.addAll(List.of(arguments));
    return run(target, data, command.toArray(String[]::new));
  }

  private Process run(String target, Path data, String... command) throws IOException {
    List<String> all =
        new ArrayList<>(List.of("unshare", "-m", SCRIPTS.resolve("run-image.sh").toString()));
    all.addAll(List.of(files(target).toString(), data.toString(), user(target)));
    all.addAll(List.of(command));
    return new ProcessBuilder(all)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(work.resolve("run.log").toFile()))
        .start();
  }

  private String user(String target) throws IOException {
    return config(target).path("User").asString();
  }

  private List<String> environment(String target) throws IOException {
    return config(target).path("Env").valueStream().map(JsonNode::asString).toList();
  }

  private JsonNode config(String target) throws IOException {
    return JsonMapper.shared()
        .readTree(Files.readString(work.resolve(target + ".json")))
        .path("Docker")
        .path("config");
  }

  private Path files(String target) throws IOException {
    return Path.of(Files.readString(work.resolve(target + ".mount")).strip());
  }

  private static String anonymous() {
    return "--alphaquant.security.allow-anonymous=true";
  }

  private static JsonNode get(String url) throws IOException, InterruptedException {
    return JsonMapper.shared()
        .readTree(
            HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                .body());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
