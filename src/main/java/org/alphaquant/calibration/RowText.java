package org.alphaquant.calibration;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.chat.TemplateException;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the text of a row. The field may be one within another ({@code a.b}), unless the row has
 * one of that very name. A field that holds a text is it; one that holds a conversation ({@code
 * [{role, content}]}, or {@code [{from, value}]}) is written by the model's own chat template.
 * Where the row lacks the usual field {@code text}, the shapes that data sets have in common are
 * known: {@code messages}, {@code conversations}, {@code instruction} with {@code input} and {@code
 * output}, {@code question} with {@code answer}, {@code prompt} with {@code completion}.
 */
final class RowText {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int FIELDS_SHOWN = 10;
  private static final List<String> CONVERSATIONS = List.of("messages", "conversations");
  private static final Map<String, String> ROLES =
      Map.of("human", "user", "gpt", "assistant", "bot", "assistant", "chatgpt", "assistant");

  private record Pair(String question, String more, String answer) {}

  private static final List<Pair> PAIRS =
      List.of(
          new Pair("instruction", "input", "output"),
          new Pair("instruction", "context", "response"),
          new Pair("question", null, "answer"),
          new Pair("prompt", null, "completion"),
          new Pair("prompt", null, "response"));

  private final String field;
  private final Optional<ModelChat> chat;

  RowText(String field, Optional<ModelChat> chat) {
    this.field = field;
    this.chat = chat;
  }

  /** The row's text; blank where the row has none. */
  Document of(JsonNode row, String at) {
    JsonNode value = value(row);
    if (value.isString()) {
      return Document.plain(value.asString());
    }
    if (value.isArray() && (value.isEmpty() || value.get(0).isObject())) {
      return conversation(turns(value, at), row, at);
    }
    if (value.isMissingNode() && field.equals(TextSource.DEFAULT_FIELD)) {
      return known(row, at);
    }
    throw missing(
        at,
        value.isMissingNode()
            ? "no field '%s'; %s".formatted(field, nearest(row))
            : "field '%s' holds %s instead of a text".formatted(field, kind(value)));
  }

  private JsonNode value(JsonNode row) {
    JsonNode value = row.path(field);
    return value.isMissingNode() ? row.at(pointer(field)) : value;
  }

  private static JsonPointer pointer(String path) {
    JsonPointer pointer = JsonPointer.empty();
    for (String part : path.split("\\.", -1)) {
      pointer = pointer.appendProperty(part);
    }
    return pointer;
  }

  // The fields of the innermost object on the way.
  private String nearest(JsonNode row) {
    for (int dot = field.lastIndexOf('.'); dot > 0; dot = field.lastIndexOf('.', dot - 1)) {
      String outer = field.substring(0, dot);
      JsonNode held = row.at(pointer(outer));
      if (held.isObject()) {
        return "the fields of '%s' are %s".formatted(outer, fields(held));
      }
    }
    return "its fields are " + fields(row);
  }

  private static String kind(JsonNode value) {
    return value.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  private Document known(JsonNode row, String at) {
    for (String name : CONVERSATIONS) {
      if (row.path(name).isArray()) {
        return conversation(turns(row.path(name), at), row, at);
      }
      if (row.has(name)) {
        throw missing(
            at,
            "field '%s' holds %s instead of a list of turns".formatted(name, kind(row.get(name))));
      }
    }
    for (Pair pair : PAIRS) {
      if (row.path(pair.question()).isString() && row.path(pair.answer()).isString()) {
        return pair(pair, row, at);
      }
    }
    throw missing(at, "no field '%s'; its fields are %s".formatted(field, fields(row)));
  }

  private Document pair(Pair pair, JsonNode row, String at) {
    String more = pair.more() == null ? "" : row.path(pair.more()).asString("");
    String question = row.path(pair.question()).asString();
    String asked = more.isBlank() ? question : question + "\n\n" + more;
    String answer = row.path(pair.answer()).asString();
    return chat.isEmpty()
        ? Document.plain(asked + "\n\n" + answer)
        : conversation(
            List.of(
                Map.of("role", "user", "content", asked),
                Map.of("role", "assistant", "content", answer)),
            row,
            at);
  }

  private List<Map<String, Object>> turns(JsonNode value, String at) {
    List<Map<String, Object>> turns = new ArrayList<>();
    for (JsonNode turn : value) {
      if (!turn.isObject()) {
        throw missing(at, "a conversation holds what is no object: " + Excerpt.of(turn.toString()));
      }
      turns.add(turn(turn, at));
    }
    return turns;
  }

  private static Map<String, Object> turn(JsonNode turn, String at) {
    if (turn.path("from").isString() && turn.path("value").isString()) {
      String from = turn.path("from").asString();
      return Map.of(
          "role", ROLES.getOrDefault(from, from), "content", turn.path("value").asString());
    }
    if (!turn.path("role").isString()) {
      throw missing(
          at,
          turn.has("role")
              ? "the 'role' of a turn holds %s instead of a text".formatted(kind(turn.get("role")))
              : "a turn of a conversation has no 'role' but " + fields(turn));
    }
    Map<String, Object> values = new LinkedHashMap<>();
    turn.properties()
        .forEach(
            property -> {
              if (!property.getValue().isNull() || property.getKey().equals("content")) {
                values.put(property.getKey(), JSON.convertValue(property.getValue(), Object.class));
              }
            });
    return values;
  }

  private Document conversation(List<Map<String, Object>> turns, JsonNode row, String at) {
    ModelChat template =
        chat.orElseThrow(
            () ->
                new CalibrationException(
                    Kind.TEMPLATE,
                    at
                        + ": a conversation needs the model's chat template, and the model has none;"
                        + " supply plain texts or another model"));
    Map<String, Object> more = new LinkedHashMap<>();
    if (row.path("tools").isArray()) {
      more.put("tools", JSON.convertValue(row.path("tools"), Object.class));
    }
    try {
      return new Document(template.render(turns, more), true);
    } catch (TemplateException e) {
      throw new CalibrationException(
          Kind.TEMPLATE, at + ": the model's chat template fails: " + e.getMessage(), e);
    }
  }

  private static CalibrationException missing(String at, String detail) {
    return new CalibrationException(Kind.MISSING_FIELD, at + ": " + detail);
  }

  private static String fields(JsonNode object) {
    return object.propertyNames().stream()
        .limit(FIELDS_SHOWN)
        .map(Excerpt::of)
        .collect(Collectors.joining(", ", "[", object.size() > FIELDS_SHOWN ? ", …]" : "]"));
  }
}
