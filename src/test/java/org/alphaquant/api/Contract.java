package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code openapi.yaml}, and whether an answer keeps to it. */
final class Contract {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final JsonNode DOCUMENT = read();
  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final Map<String, Schema> COMPILED = new ConcurrentHashMap<>();

  private Contract() {}

  static JsonNode document() {
    return DOCUMENT;
  }

  /** What a reference points to; anything else as it is. */
  static JsonNode resolve(JsonNode node) {
    return node.has("$ref") ? DOCUMENT.at(node.get("$ref").stringValue().substring(1)) : node;
  }

  /** Status, media type, headers and body of an answer to a request at a path of the contract. */
  static void check(String method, HttpResponse<byte[]> response) {
    Optional<JsonNode> path = path(response.uri());
    JsonNode operation =
        path.map(item -> item.path(method.toLowerCase(Locale.ROOT))).orElse(JSON.nullNode());
    if (operation.isObject()) {
      check(method + " " + response.uri().getPath(), operation, response);
    } else {
      // Nothing is promised there, so only a problem can be right.
      assertThat(response.statusCode()).as(method + " " + response.uri()).isIn(400, 404, 405);
      checkBody("Problem", response);
    }
  }

  private static void check(String where, JsonNode operation, HttpResponse<byte[]> response) {
    JsonNode promised = operation.at("/responses/" + response.statusCode());
    assertThat(promised.isObject()).as(where + " may answer " + response.statusCode()).isTrue();
    resolve(promised)
        .path("headers")
        .propertyNames()
        .forEach(
            name -> assertThat(response.headers().map()).as(where + " " + name).containsKey(name));
    JsonNode content = resolve(promised).path("content");
    if (content.isMissingNode()) {
      assertThat(response.body()).as(where).isEmpty();
      return;
    }
    String type = response.headers().firstValue("Content-Type").orElse("none").split(";")[0];
    assertThat(content.has(type)).as(where + " may answer in " + type).isTrue();
    if (type.endsWith("json")) {
      String reference = content.get(type).at("/schema/$ref").stringValue();
      checkBody(reference.substring(reference.lastIndexOf('/') + 1), response);
    }
  }

  private static void checkBody(String schema, HttpResponse<byte[]> response) {
    byte[] body = response.body();
    List<Error> errors = errors(schema, JSON.readTree(body));
    assertThat(errors).as(response + " as a " + schema).isEmpty();
    assertThat(body).as(response + " ends its line").endsWith('\n');
    response
        .headers()
        .firstValueAsLong("Content-Length")
        .ifPresent(length -> assertThat(length).as(response + "").isEqualTo(body.length));
  }

  /** What is wrong with a value of one of the contract's schemas. */
  static List<Error> errors(String schema, JsonNode value) {
    return COMPILED
        .computeIfAbsent(schema, Contract::compile)
        .validate(
            value,
            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
  }

  private static Schema compile(String schema) {
    ObjectNode root = JSON.createObjectNode();
    root.put("$ref", "#/components/schemas/" + schema);
    root.set("components", DOCUMENT.get("components"));
    return SCHEMAS.getSchema(root);
  }

  private static Optional<JsonNode> path(URI uri) {
    return DOCUMENT.get("paths").properties().stream()
        .filter(path -> pattern(path.getKey()).matcher(uri.getRawPath()).matches())
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /** An artifact's name and a model's may have slashes, which OpenAPI cannot say. */
  private static Pattern pattern(String path) {
    return Pattern.compile(
        path.replaceAll("\\{(name|model)}", ".+").replaceAll("\\{\\w+}", "[^/]+"));
  }

  private static JsonNode read() {
    try {
      String text = Files.readString(Path.of("openapi.yaml"));
      return JSON.valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).load(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
