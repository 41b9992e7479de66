package org.alphaquant.storage.gguf;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokens that begin and end texts.
 *
 * @param settings tokenizer_config.json
 * @param tokenizer tokenizer.json
 * @param tokens by their ids
 */
record SpecialTokens(JsonNode settings, JsonNode tokenizer, List<String> tokens) {

  private static final String PREFIX = "tokenizer.ggml.";

  /**
   * Their metadata.
   *
   * @param config config.json, which has ids where the tokenizer has no names
   * @param generation generation_config.json
   */
  Map<String, MetadataValue> metadata(JsonNode config, JsonNode generation) {
    Map<String, MetadataValue> keys = new LinkedHashMap<>();
    put(keys, "bos_token_id", id("bos_token", config));
    put(keys, "eos_token_id", id("eos_token", config));
    put(keys, "padding_token_id", id("pad_token", config));
    put(keys, "unknown_token_id", id("unk_token", config));
    put(keys, "eot_token_id", turnEnd(config, generation));
    keys.put(PREFIX + "add_bos_token", MetadataValue.bool(addsBos()));
    keys.put(
        PREFIX + "add_eos_token",
        MetadataValue.bool(settings.path("add_eos_token").asBoolean(false)));
    return keys;
  }

  private static void put(Map<String, MetadataValue> keys, String key, OptionalInt id) {
    id.ifPresent(it -> keys.put(PREFIX + key, MetadataValue.u32(it)));
  }

  /** The token that ends a turn of a chat, where generation stops at another than eos too. */
  OptionalInt turnEnd(JsonNode config, JsonNode generation) {
    String key = "eos_token_id";
    JsonNode ends = generation.path(key).isArray() ? generation.path(key) : config.path(key);
    int end = id("eos_token", config).orElse(-1);
    return ends.isArray()
        ? IntStream.range(0, ends.size())
            .filter(i -> ends.get(i).isIntegralNumber())
            .map(i -> ends.get(i).asInt())
            .filter(id -> id != end && id >= 0 && id < tokens.size())
            .findFirst()
        : OptionalInt.empty();
  }

  private boolean addsBos() {
    if (settings.has("add_bos_token")) {
      return settings.path("add_bos_token").asBoolean(false);
    }
    String bos = text("bos_token");
    JsonNode template = tokenizer.path("post_processor");
    return !bos.isEmpty()
        && template.toString().contains(JsonMapper.shared().writeValueAsString(bos));
  }

  private OptionalInt id(String name, JsonNode config) {
    int id = tokens.indexOf(text(name));
    if (id >= 0) {
      return OptionalInt.of(id);
    }
    JsonNode number = config.path(name + "_id");
    JsonNode first = number.isArray() ? number.path(0) : number;
    return Optional.of(first)
        .filter(it -> it.isIntegralNumber() && it.asLong() >= 0 && it.asLong() < tokens.size())
        .map(it -> OptionalInt.of(it.asInt()))
        .orElseGet(OptionalInt::empty);
  }

  private String text(String name) {
    JsonNode token = settings.path(name);
    return token.isObject() ? token.path("content").asString("") : token.asString("");
  }
}
