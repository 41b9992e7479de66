package org.alphaquant.scheme;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.problem.Problem;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/** Reads a whole configuration and collects everything that is wrong with it. */
final class ConfigReader {
  private static final int LONGEST_PATTERN = 512;
  private static final int MOST_OVERRIDES = 1000;
  private static final List<String> TOP = List.of("default", "overrides", "kv_cache", "comment");
  private static final List<String> DEFAULT =
      List.of("wq", "aq", "group_size", "symmetric", "comment");
  private static final List<String> OVERRIDE =
      List.of("pattern", "wq", "aq", "group_size", "symmetric", "skip", "comment");

  private final List<Problem> findings = new ArrayList<>();

  QuantizationConfig read(JsonNode config) {
    if (config == null || config.isMissingNode() || config.isNull()) {
      return QuantizationConfig.DEFAULT;
    }
    QuantizationConfig result = readObject(config);
    if (!findings.isEmpty()) {
      throw new InvalidConfigException(findings);
    }
    return result;
  }

  private QuantizationConfig readObject(JsonNode config) {
    if (!isObject(config, JsonPointer.empty(), "the configuration")) {
      return QuantizationConfig.DEFAULT;
    }
    FieldReader fields = reader(config, JsonPointer.empty());
    fields.refuseOthersThan(TOP);
    fields.text("comment");
    return new QuantizationConfig(defaults(config), overrides(config), keyValueCache(config));
  }

  private SchemeFields defaults(JsonNode config) {
    JsonNode object = config.get("default");
    JsonPointer place = JsonPointer.empty().appendProperty("default");
    if (object == null || !isObject(object, place, "default")) {
      return SchemeFields.OPEN;
    }
    FieldReader fields = reader(object, place);
    fields.refuseOthersThan(DEFAULT);
    fields.text("comment");
    return fields.schemeFields(null);
  }

  private NumberFormat keyValueCache(JsonNode config) {
    JsonNode object = config.get("kv_cache");
    JsonPointer place = JsonPointer.empty().appendProperty("kv_cache");
    if (object == null || object.isNull() || !isObject(object, place, "kv_cache")) {
      return NumberFormat.BF16;
    }
    FieldReader fields = reader(object, place);
    fields.refuseOthersThan(List.of("format", "comment"));
    fields.text("comment");
    String format = fields.text("format").orElse("");
    if (!format.equals(NumberFormat.FP8_E4M3.jsonName())) {
      String detail = "kv_cache needs a format, and engines read scales of fp8 alone";
      fields.error("unknown-format", "format", detail, List.of("fp8"));
    }
    return NumberFormat.FP8_E4M3;
  }

  private List<SchemeOverride> overrides(JsonNode config) {
    JsonNode array = config.get("overrides");
    if (array == null) {
      return List.of();
    }
    JsonPointer place = JsonPointer.empty().appendProperty("overrides");
    if (!array.isArray()) {
      String detail = "overrides is %s but must be an array".formatted(JsonValue.type(array));
      add("wrong-type", place, array, detail);
      return List.of();
    }
    if (array.size() > MOST_OVERRIDES) {
      String detail = "%d overrides; the limit is %d".formatted(array.size(), MOST_OVERRIDES);
      add("too-many", place, null, detail);
      return List.of();
    }
    List<SchemeOverride> overrides = new ArrayList<>();
    for (int index = 0; index < array.size(); index++) {
      overrides.add(override(array.get(index), place.appendIndex(index)));
    }
    return overrides;
  }

  private SchemeOverride override(JsonNode object, JsonPointer place) {
    if (!isObject(object, place, "an override")) {
      return new SchemeOverride(null, SchemeFields.OPEN, null);
    }
    FieldReader fields = reader(object, place);
    fields.refuseOthersThan(OVERRIDE);
    Glob pattern = pattern(fields, object);
    SchemeFields set = fields.schemeFields(fields.flag("skip").orElse(null));
    return new SchemeOverride(pattern, set, fields.text("comment").orElse(null));
  }

  private static Glob pattern(FieldReader fields, JsonNode object) {
    if (!object.has("pattern")) {
      String detail = "an override needs a pattern, a glob over module names";
      fields.error("missing-field", "pattern", detail, List.of());
      return null;
    }
    return fields.text("pattern").map(pattern -> glob(fields, pattern)).orElse(null);
  }

  private static Glob glob(FieldReader fields, String pattern) {
    if (pattern.length() > LONGEST_PATTERN) {
      String detail =
          "the pattern has %d characters; the limit is %d"
              .formatted(pattern.length(), LONGEST_PATTERN);
      fields.error("bad-pattern", "pattern", detail, List.of());
      return null;
    }
    try {
      return Glob.of(pattern);
    } catch (IllegalArgumentException problem) {
      fields.error("bad-pattern", "pattern", problem.getMessage(), List.of());
      return null;
    }
  }

  private boolean isObject(JsonNode value, JsonPointer place, String what) {
    if (!value.isObject()) {
      String detail = "%s is %s but must be an object".formatted(what, JsonValue.type(value));
      add("wrong-type", place, value, detail);
    }
    return value.isObject();
  }

  private FieldReader reader(JsonNode object, JsonPointer place) {
    return new FieldReader(object, place, findings::add);
  }

  private void add(String code, JsonPointer place, JsonNode value, String detail) {
    findings.add(Problem.error(code, place.toString(), JsonValue.shown(value), detail));
  }
}
