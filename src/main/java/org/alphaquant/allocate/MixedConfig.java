package org.alphaquant.allocate;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes the formats of units into a configuration: overrides behind those that it has. */
public final class MixedConfig {

  private MixedConfig() {}

  /**
   * A configuration with a format for each unit.
   *
   * @param config as the client wrote it; null for the default one
   * @param formats JSON names by unit
   * @param modules names of all modules of the model
   */
  public static ObjectNode of(JsonNode config, Map<Unit, String> formats, List<String> modules) {
    ObjectNode mixed =
        config == null ? JsonMapper.shared().createObjectNode() : (ObjectNode) config.deepCopy();
    ArrayNode overrides =
        mixed.get("overrides") instanceof ArrayNode own ? own : mixed.putArray("overrides");
    patterns(formats, modules)
        .forEach(
            (pattern, format) -> overrides.addObject().put("pattern", pattern).put("wq", format));
    return mixed;
  }

  // One pattern for all layers where these have the same format and it matches nothing else.
  private static Map<String, String> patterns(Map<Unit, String> formats, List<String> modules) {
    Map<String, Set<String>> wanted = new HashMap<>();
    Map<String, Set<String>> members = new HashMap<>();
    Map<Unit, List<String>> own = new LinkedHashMap<>();
    formats.forEach(
        (unit, format) -> {
          own.put(unit, unit.patterns(modules));
          for (String pattern : own.get(unit)) {
            String wide = everyLayer(pattern);
            wanted.computeIfAbsent(wide, key -> new HashSet<>()).add(format);
            members.computeIfAbsent(wide, key -> new HashSet<>()).addAll(unit.names());
          }
        });
    Map<String, Boolean> exact = new HashMap<>();
    Map<String, String> patterns = new LinkedHashMap<>();
    own.forEach(
        (unit, list) ->
            list.forEach(
                pattern -> {
                  String wide = everyLayer(pattern);
                  boolean all =
                      wanted.get(wide).size() == 1
                          && exact.computeIfAbsent(
                              wide, key -> Unit.matchesOnly(key, members.get(key), modules));
                  patterns.put(all ? wide : pattern, formats.get(unit));
                }));
    return patterns;
  }

  private static String everyLayer(String pattern) {
    return pattern.replaceFirst("\\.\\d+\\.", ".*.");
  }
}
