package org.alphaquant.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The body of a job: a file, options, or a file whose fields options replace. */
final class JobBody {
  private static final JsonMapper JSON = JsonMapper.shared();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FILE",
      description = "JSON body of the job; - reads it from standard input.")
  private String file;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "The model, as the service knows it.")
  private String model;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = "What the job does: quantization, evaluation, or repack, which writes GGUF.")
  private String kind;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "File with the quantization configuration (the job's \"config\").")
  private Path config;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "Configuration that comes with the service.")
  private String preset;

  @Option(
      names = "--label",
      paramLabel = "NAME=VALUE",
      description = "Label of the job; may be repeated.")
  private Map<String, String> labels = new LinkedHashMap<>();

  /** The body. Wrong fields of the file are left to the service to refuse. */
  String text(ServiceClient client) throws InterruptedException {
    ObjectNode body = file == null ? JSON.createObjectNode() : object(file, read(file));
    if (model != null) {
      body.put("model", model);
    }
    if (kind != null) {
      body.put("kind", kind);
    }
    if (preset != null) {
      body.set("config", preset(client));
    }
    if (config != null) {
      body.set("config", object(config.toString(), read(config.toString())));
    }
    labels.forEach((name, value) -> body.withObject("/labels").put(name, value));
    if (body.isEmpty()) {
      throw new ClientException("name a job file or a --model", ClientException.USAGE);
    }
    return JSON.writeValueAsString(body);
  }

  private JsonNode preset(ServiceClient client) throws InterruptedException {
    JsonNode all = client.read("/v1/presets").path("data");
    return all.valueStream()
        .filter(it -> it.path("name").asString("").equals(preset))
        .map(it -> it.path("config"))
        .findFirst()
        .orElseThrow(() -> new ClientException(unknown(all), ClientException.USAGE));
  }

  private String unknown(JsonNode all) {
    return "--preset is \"%s\" but must be one of %s"
        .formatted(
            preset,
            String.join(", ", all.valueStream().map(it -> it.path("name").asString()).toList()));
  }

  private static ObjectNode object(String name, String text) {
    try {
      if (JSON.readTree(text) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException malformed) {
      throw new ClientException(
          "%s is not JSON: %s".formatted(name, malformed.getOriginalMessage()), malformed);
    }
    throw new ClientException("%s must hold a JSON object".formatted(name));
  }

  private static String read(String file) {
    try {
      return file.equals("-") ? input(System.in) : Files.readString(Path.of(file));
    } catch (IOException e) {
      throw ClientException.unreadable(file, e);
    }
  }

  private static String input(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }
}
