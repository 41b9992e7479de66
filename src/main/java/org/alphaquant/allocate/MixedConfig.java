package org.alphaquant.allocate;

import java.util.List;
import java.util.Map;
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
    formats.forEach(
        (unit, format) ->
            unit.patterns(modules)
                .forEach(
                    pattern -> overrides.addObject().put("pattern", pattern).put("wq", format)));
    return mixed;
  }
}
