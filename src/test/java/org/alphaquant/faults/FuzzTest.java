package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Models, tokenizers, texts and job bodies that are changed at random. Whatever they are, the
 * service goes on, no answer is a 5xx, and each ends with a class and a message or succeeds.
 */
class FuzzTest {
  private static final Path MODEL = Path.of("src/test/resources/micro/olmoe");
  private static final String BODY =
      """
      {"model": "%s",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32},
                  "overrides": [{"pattern": "*.experts.*", "wq": "int8", "comment": "more"}]},
       "gptq": {"damp": 0.01, "sweeps": 0, "act_order": false},
       "calibration": {"path": "%s", "samples": 1, "sequence_length": 16, "seed": 1},
       "labels": {"team": "a"}, "priority": 0}
      """;
  private static final String GGUF = "{\"output\": {\"format\": \"gguf\"}, ";
  private static final List<String> ENDS = List.of("SUCCEEDED", "FAILED", "CANCELLED");

  @TempDir Path directory;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final Mutations mutations = new Mutations(random);
  private final TemplateMutations templates = new TemplateMutations(random);
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, Integer> answers = new TreeMap<>();
  private final Map<String, String> accepted = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();
  private Path models;
  private ServiceProcess service;

  @BeforeEach
  void start() throws IOException {
    Path data = directory.toRealPath();
    models = Files.createDirectories(data.resolve("models"));
    service =
        new ServiceProcess(
            TestDatabases.create(),
            data,
            "alphaquant.models.roots=" + models,
            "alphaquant.files.roots=" + models,
            "alphaquant.worker.devices=cpu",
            "alphaquant.worker.poll-every=100ms",
            "alphaquant.worker.retry-backoff=10ms",
            "alphaquant.runner.max-memory=2GB",
            "alphaquant.runner.heap=512MB",
            "alphaquant.preflight.max-memory=1GB");
    service.environment("OMP_NUM_THREADS", "1");
    service.start();
    await().atMost(Duration.ofMinutes(2)).ignoreExceptions().until(() -> get("/livez") != null);
  }

  @AfterEach
  void end() {
    service.close();
  }

  @Test
  void nothingEndsTheServiceInAFewTries() throws Exception {
    fuzz(6, 5, 40);
  }

  @Tag("faults")
  @Test
  void nothingEndsTheServiceInManyTries() throws Exception {
    fuzz(
        Integer.getInteger("alphaquant.fuzz.models", 300),
        Integer.getInteger("alphaquant.fuzz.tokenizers", 200),
        Integer.getInteger("alphaquant.fuzz.bodies", 400));
  }

  private void fuzz(int modelCount, int tokenizerCount, int bodyCount) throws Exception {
    System.out.println("[fuzz] seed " + seed);
    Files.writeString(models.resolve("text.txt"), "some words to calibrate with ".repeat(40));
    for (int i = 0; i < bodyCount; i++) {
      post("body " + i, mutations.json(BODY.formatted(copy("sound"), "text.txt")));
    }
    for (int i = 0; i < tokenizerCount; i++) {
      String name = copy("tokenizer-" + i);
      Path file = models.resolve(name).resolve("tokenizer.json");
      Files.write(file, utf8(mutations.json(Files.readString(file))));
      // A GGUF file has the tokenizer in it, so the plan reads it as well.
      String body = BODY.formatted(name, "text.txt");
      post(name, i % 2 == 0 ? body : body.replaceFirst("\\{", GGUF));
    }
    for (int i = 0; i < modelCount; i++) {
      model(i);
    }
    accepted.forEach((id, input) -> ended(id, input));
    assertThat(post("at the end", BODY.formatted(copy("sound"), "text.txt"))).isEqualTo(201);
    System.out.println("[fuzz] " + answers);
    assertThat(faults).as("seed " + seed).isEmpty();
    assertThat(answers.keySet()).anyMatch(it -> it.startsWith("422"));
    FaultReport.survived(
        "fuzz",
        "%d models and texts, %d tokenizers and %d bodies changed with seed %d: %s",
        modelCount,
        tokenizerCount,
        bodyCount,
        seed,
        answers);
  }

  private void model(int i) throws Exception {
    String name = copy("model-" + i);
    Path folder = models.resolve(name);
    String text = "text.txt";
    switch (random.nextInt(8)) {
      case 0, 1 -> {
        Path weights = folder.resolve("model.safetensors");
        Files.write(weights, mutations.safetensors(Files.readAllBytes(weights)));
      }
      case 2, 3 -> {
        Path config = folder.resolve("config.json");
        Files.write(config, utf8(mutations.json(Files.readString(config))));
      }
      case 4, 5 -> text = conversations(i, folder, templates.changed(), "{}");
      case 6 -> {
        String config = "{\"chat_template\": %s, \"bos_token\": {\"content\": \"a\"}, \"n\": 1}";
        String template = JsonMapper.shared().writeValueAsString(TemplateMutations.SOUND);
        text = conversations(i, folder, null, mutations.json(config.formatted(template)));
      }
      default -> {
        text = "text-" + i + (random.nextBoolean() ? ".jsonl" : ".txt");
        String line = mutations.json("{\"text\": \"words and words and words\", \"n\": [1]}\n");
        byte[] bytes = line.repeat(1 + random.nextInt(40)).getBytes(StandardCharsets.UTF_8);
        Files.write(models.resolve(text), mutations.bytes(bytes));
      }
    }
    post(name, BODY.formatted(name, text));
  }

  /** A text of conversations, written by a template that is changed itself or in its settings. */
  private String conversations(int i, Path folder, String template, String config)
      throws IOException {
    if (template != null) {
      Files.write(folder.resolve("chat_template.jinja"), utf8(template));
    }
    Files.write(folder.resolve("tokenizer_config.json"), utf8(config));
    String row =
        """
        {"messages": [{"role": "system", "content": "words"},
         {"role": "user", "content": [{"type": "text", "text": "words and words and words"}]},
         {"role": "assistant", "content": "more words and words"}], "tools": [{"name": "f"}]}""";
    String name = "talk-" + i + (random.nextBoolean() ? ".jsonl" : ".jsonl.gz");
    String sound = row.replace("\n", " ") + "\n";
    String rows =
        sound + (random.nextBoolean() ? mutations.json(row) + "\n" : "") + sound.repeat(9);
    try (OutputStream out = Files.newOutputStream(models.resolve(name))) {
      try (OutputStream packed = name.endsWith(".gz") ? new GZIPOutputStream(out) : out) {
        packed.write(utf8(rows));
      }
    }
    return name;
  }

  // Half a surrogate pair is a letter of a Java string, and of no file.
  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private String copy(String name) throws IOException {
    if (!Files.exists(models.resolve(name))) {
      FileSystemUtils.copyRecursively(MODEL, models.resolve(name));
      Files.delete(models.resolve(name).resolve("reference.safetensors"));
    }
    return name;
  }

  private int post(String input, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(service.base() + "/v1/jobs"))
            .header("Content-Type", "application/json")
            .timeout(Duration.ofMinutes(1))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    JsonNode json = JsonMapper.shared().readTree(answer.body());
    int status = answer.statusCode();
    if (status == 201) {
      accepted.put(json.get("id").asString(), input + " " + body);
    } else {
      answers.merge(status + " " + json.path("code").asString(""), 1, Integer::sum);
      if (status >= 500 || json.path("detail").asString("").isBlank()) {
        faults.add("%s: %d %s to %s".formatted(input, status, answer.body(), body));
      }
    }
    assertThat(service.isAlive()).as(input).isTrue();
    return status;
  }

  private void ended(String id, String input) {
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() -> ENDS.contains(get("/v1/jobs/" + id).get("state").asString()));
    JsonNode job = get("/v1/jobs/" + id);
    JsonNode error = job.path("error");
    String kind = error.path("class").asString("");
    answers.merge(
        job.get("state").asString() + " " + kind + " " + error.path("code").asString(""),
        1,
        Integer::sum);
    boolean failed = job.get("state").asString().equals("FAILED");
    // What a file says is never this program's fault.
    if (failed
        && (kind.isEmpty()
            || kind.equals("internal")
            || error.path("message").asString("").isBlank())) {
      faults.add("%s: %s".formatted(input, error));
    }
    assertThat(service.isAlive()).as(input).isTrue();
  }

  private JsonNode get(String path) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(service.base() + path))
              .timeout(Duration.ofSeconds(30))
              .build();
      return JsonMapper.shared()
          .readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (IOException | JacksonException e) {
      throw new IllegalStateException(path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
