package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.swagger.v3.core.jackson.ModelResolver;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springdoc.core.utils.SpringDocUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Compares openapi.yaml with what springdoc finds in the running application. */
class OpenApiContractTest {

  private static final JsonNode CONTRACT = Contract.document();
  private static RunningServer server;
  private static JsonNode application;

  @BeforeAll
  static void start() {
    SpringDocUtils.getConfig().replaceWithClass(JsonNode.class, Object.class);
    server =
        new RunningServer(
            Map.of(),
            context ->
                context.registerBean(
                    ModelResolver.class,
                    () ->
                        new ModelResolver(
                            new ObjectMapper()
                                .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE))));
    application = server.http().unchecked("/v3/api-docs").json();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void theContractAndTheApplicationHaveTheSameOperations() {
    assertThat(operations(CONTRACT).keySet())
        .containsExactlyInAnyOrderElementsOf(operations(application).keySet());
    assertThat(operations(CONTRACT)).hasSizeGreaterThan(8);
  }

  @Test
  void everyOperationHasTheSameParameters() {
    operations(application)
        .forEach(
            (name, operation) ->
                assertThat(parameters(operations(CONTRACT).get(name), Set.of("path", "query")))
                    .as(name)
                    .isEqualTo(parameters(operation, Set.of("path", "query"))));
  }

  @Test
  void everyHeaderThatAControllerReadsIsInTheContract() {
    operations(application)
        .forEach(
            (name, operation) ->
                assertThat(parameters(operations(CONTRACT).get(name), Set.of("header")).keySet())
                    .as(name)
                    .containsAll(parameters(operation, Set.of("header")).keySet()));
  }

  @Test
  void everyBodyHasTheSameFields() {
    operations(application)
        .forEach(
            (name, operation) -> {
              JsonNode promised = operations(CONTRACT).get(name);
              compare(
                  name + " request",
                  schema(promised, "/requestBody"),
                  schema(operation, "/requestBody"));
              String response = "/responses/" + success(promised);
              compare(
                  name + " response",
                  schema(promised, response),
                  schema(operation, "/responses/200"));
            });
  }

  @Test
  void everySchemaOfTheContractIsUsed() {
    String document = CONTRACT.toString();
    assertThat(CONTRACT.at("/components/schemas").propertyNames())
        .allSatisfy(name -> assertThat(document).contains("#/components/schemas/" + name + "\""));
  }

  @Test
  void everyExampleOfAJobIsAJob() {
    CONTRACT
        .at("/paths/~1v1~1jobs/post/requestBody/content/application~1json/examples")
        .forEach(example -> assertThat(Contract.errors("JobSpec", example.get("value"))).isEmpty());
    assertThat(Contract.errors("JobSpec", example("{\"model\": \"m\", \"modell\": 1}")))
        .isNotEmpty();
    assertThat(Contract.errors("JobSpec", example("{}"))).isNotEmpty();
  }

  private static JsonNode example(String json) {
    return JsonMapper.shared().readTree(json);
  }

  /** Operations below /v1, as "GET /v1/jobs". */
  private static Map<String, JsonNode> operations(JsonNode document) {
    Map<String, JsonNode> operations = new TreeMap<>();
    document
        .get("paths")
        .forEachEntry(
            (path, item) -> {
              if (path.startsWith("/v1/")) {
                item.forEachEntry(
                    (method, operation) -> {
                      if (!method.equals("parameters")) {
                        operations.put(
                            method.toUpperCase() + " " + path.replace("{*name}", "{name}"),
                            merged(item, operation));
                      }
                    });
              }
            });
    return operations;
  }

  /** Parameters of the path belong to each of its operations. */
  private static JsonNode merged(JsonNode item, JsonNode operation) {
    ObjectNode copy = (ObjectNode) operation.deepCopy();
    ArrayNode all = copy.withArray("parameters");
    item.path("parameters").forEach(all::add);
    return copy;
  }

  /** Name to place, need, type and limits. */
  private static Map<String, String> parameters(JsonNode operation, Set<String> places) {
    Map<String, String> parameters = new TreeMap<>();
    for (JsonNode given : operation.path("parameters")) {
      JsonNode parameter = Contract.resolve(given);
      JsonNode schema = Contract.resolve(parameter.get("schema"));
      if (places.contains(parameter.get("in").asString())) {
        parameters.put(
            parameter.get("name").asString(),
            "%s required=%s type=%s minimum=%s maximum=%s default=%s"
                .formatted(
                    parameter.get("in").asString(),
                    parameter.path("required").asBoolean(false),
                    schema.path("type").asString(),
                    schema.path("minimum").asString(""),
                    schema.path("maximum").asString(""),
                    schema.path("default").asString("")));
      }
    }
    return parameters;
  }

  private static String success(JsonNode operation) {
    return operation.get("responses").propertyNames().stream()
        .filter(status -> status.startsWith("2"))
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode schema(JsonNode operation, String place) {
    return operation.at(place).path("content").path("application/json").path("schema");
  }

  private static void compare(String where, JsonNode contract, JsonNode found) {
    JsonNode promised = flat(Contract.resolve(contract));
    JsonNode real = resolveIn(application, found);
    if (real.has("items")) {
      compare(where + "[]", promised.path("items"), real.get("items"));
    } else if (real.path("properties").isObject()) {
      assertThat(names(promised)).as(where).isEqualTo(names(real));
      real.get("properties")
          .forEachEntry(
              (name, property) ->
                  compare(where + "." + name, promised.get("properties").get(name), property));
    }
  }

  /** "An X or null" has the fields of X. */
  private static JsonNode flat(JsonNode schema) {
    return schema.has("oneOf") ? Contract.resolve(schema.get("oneOf").get(0)) : schema;
  }

  private static JsonNode resolveIn(JsonNode document, JsonNode node) {
    return node.has("$ref") ? document.at(node.get("$ref").stringValue().substring(1)) : node;
  }

  private static Set<String> names(JsonNode schema) {
    Set<String> names = new TreeSet<>(schema.path("properties").propertyNames());
    // Those are in answers alone, and no field of the record that a request is read to.
    names.removeIf(name -> schema.at("/properties/" + name + "/readOnly").asBoolean(false));
    // Those are short for others, and written out before the record is read.
    names.removeIf(name -> schema.at("/properties/" + name + "/writeOnly").asBoolean(false));
    return names;
  }
}
