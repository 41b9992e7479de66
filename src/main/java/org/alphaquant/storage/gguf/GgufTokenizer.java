package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Links;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The tokenizer of a model folder as metadata: byte-level BPE as {@code gpt2}, BPE made from a
 * SentencePiece model as {@code llama}.
 */
final class GgufTokenizer {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String PREFIX = "tokenizer.ggml.";

  // Read whole here, beside the requests of others; the largest published ones have 35 MB.
  private static final long MAX_JSON = 64L << 20;
  private static final long MAX_TEMPLATE = 1L << 20;

  private static final long NORMAL = 1;
  private static final long UNKNOWN = 2;
  private static final long CONTROL = 3;
  private static final long USER_DEFINED = 4;
  private static final long UNUSED = 5;
  private static final long BYTE = 6;

  private final JsonNode tokenizer;
  private final JsonNode settings;
  private final Path folder;
  private final Links links;
  private final List<String> tokens;
  private final List<Long> types;
  private final boolean byteLevel;

  private GgufTokenizer(Path folder, Links links, long rows) {
    this.folder = folder;
    this.links = links;
    this.tokenizer = read("tokenizer.json").orElseThrow(() -> problem("is missing"));
    this.settings = read("tokenizer_config.json").orElseGet(JsonNodeFactory.instance::objectNode);
    this.tokens = new ArrayList<>(Collections.nCopies((int) rows, null));
    this.types = new ArrayList<>(Collections.nCopies((int) rows, UNUSED));
    this.byteLevel =
        contains(tokenizer.path("pre_tokenizer"), "ByteLevel")
            || contains(tokenizer.path("decoder"), "ByteLevel");
    vocabulary();
    added();
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.get(id) == null) {
        tokens.set(id, "[PAD" + id + "]");
      }
    }
  }

  /**
   * Reads a folder's tokenizer.
   *
   * @param links which links in the folder may be followed
   * @param rows of the embedding; ids without a token get placeholders
   * @throws GgufException if there is none, or llama.cpp has no equivalent
   */
  static Map<String, MetadataValue> metadata(Path folder, Links links, JsonNode config, long rows) {
    return new GgufTokenizer(folder, links, rows).metadata(config);
  }

  private Map<String, MetadataValue> metadata(JsonNode config) {
    Map<String, MetadataValue> keys = new LinkedHashMap<>();
    if (byteLevel) {
      keys.put(PREFIX + "model", MetadataValue.string("gpt2"));
      keys.put(PREFIX + "pre", MetadataValue.string(preTokenizer()));
      keys.put(PREFIX + "merges", MetadataValue.strings(merges()));
    } else if (tokenizer.path("model").path("byte_fallback").asBoolean(false)) {
      keys.put(PREFIX + "model", MetadataValue.string("llama"));
      keys.put(PREFIX + "scores", MetadataValue.f32s(scores()));
      keys.put(PREFIX + "add_space_prefix", MetadataValue.bool(addsSpace()));
    } else {
      throw problem("is neither byte-level BPE nor BPE made from a SentencePiece model");
    }
    keys.put(PREFIX + "tokens", MetadataValue.strings(tokens));
    SpecialTokens special = new SpecialTokens(settings, tokenizer, tokens);
    JsonNode generation = read("generation_config.json").orElse(config);
    // llama.cpp prints what users define, and hides what controls it.
    special
        .turnEnd(config, generation)
        .ifPresent(id -> types.set(id, types.get(id) == USER_DEFINED ? CONTROL : types.get(id)));
    keys.put(PREFIX + "token_type", MetadataValue.i32s(types));
    keys.putAll(special.metadata(config, generation));
    template().ifPresent(it -> keys.put("tokenizer.chat_template", MetadataValue.string(it)));
    return keys;
  }

  private static boolean contains(JsonNode node, String type) {
    return node.path("type").asString("").equals(type)
        || node.valueStream().anyMatch(part -> part.isContainer() && contains(part, type));
  }

  private void vocabulary() {
    JsonNode model = tokenizer.path("model");
    String type = model.path("type").asString("BPE");
    if (!type.equals("BPE")) {
      throw problem("is of type " + type + "; GGUF files are written for BPE only");
    }
    String unknown = model.path("unk_token").asString("");
    model
        .path("vocab")
        .properties()
        .forEach(
            entry -> {
              String token = entry.getKey();
              boolean isByte = !byteLevel && token.matches("<0x[0-9A-F]{2}>");
              long kind = isByte ? BYTE : token.equals(unknown) ? UNKNOWN : NORMAL;
              put(number(entry.getValue(), token), token, byteLevel ? NORMAL : kind);
            });
  }

  private void added() {
    for (JsonNode token : tokenizer.path("added_tokens").values()) {
      String text = token.path("content").asString("");
      int id = number(token.path("id"), text);
      boolean unknown = id < types.size() && types.get(id) == UNKNOWN;
      boolean special = token.path("special").asBoolean(false);
      put(id, text, unknown ? UNKNOWN : special ? CONTROL : USER_DEFINED);
    }
  }

  private static int number(JsonNode id, String token) {
    if (!id.isIntegralNumber() || !id.canConvertToInt()) {
      throw problem(
          "gives token '%s' the id %s, which is no whole number below 2^31"
              .formatted(token, id.isMissingNode() ? "none" : id));
    }
    return id.intValue();
  }

  private void put(int id, String token, long type) {
    if (id < 0 || id >= tokens.size()) {
      throw problem(
          "has token '%s' as %d, but the embedding has %d rows"
              .formatted(token, id, tokens.size()));
    }
    tokens.set(id, token);
    types.set(id, type);
  }

  private String preTokenizer() {
    if (!tokenizer.path("normalizer").isNull() && !tokenizer.path("normalizer").isMissingNode()) {
      requireHarmless(tokenizer.path("normalizer"));
    }
    PreTokenizer pieces = PreTokenizer.read(tokenizer.path("pre_tokenizer"));
    boolean whole = tokenizer.path("model").path("ignore_merges").asBoolean(false);
    return EnginePreTokenizers.named(pieces, whole)
        .orElseThrow(
            () ->
                problem(
                    "cuts text as no pre-tokenizer of llama.cpp that is known here:"
                        + " pre_tokenizer, ignore_merges"));
  }

  // NFC changes only text that is not normalised yet; llama.cpp leaves it out for Qwen as well.
  private void requireHarmless(JsonNode normalizer) {
    String type = normalizer.path("type").asString("");
    boolean empty = type.equals("Sequence") && normalizer.path("normalizers").isEmpty();
    if (!type.equals("NFC") && !empty) {
      throw problem("normalises text by " + type + ", which llama.cpp does not");
    }
  }

  private List<String> merges() {
    return tokenizer
        .path("model")
        .path("merges")
        .valueStream()
        .map(pair -> pair.isArray() ? merge(pair) : pair.asString(""))
        .toList();
  }

  private static String merge(JsonNode pair) {
    if (pair.size() != 2) {
      throw problem("has a merge of %d tokens instead of two".formatted(pair.size()));
    }
    return pair.path(0).asString("") + " " + pair.path(1).asString("");
  }

  // SentencePiece merges the pair whose result scores best: the rank of its first merge, negated.
  private List<Double> scores() {
    Map<String, Integer> rank = new HashMap<>();
    int index = 0;
    for (String merge : merges()) {
      rank.putIfAbsent(merge.replace(" ", ""), index++);
    }
    List<Double> scores = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      Integer found = rank.get(tokens.get(id));
      boolean plain = types.get(id) == NORMAL;
      scores.add(!plain ? 0.0 : found == null ? -1e6 : -1.0 - found);
    }
    return scores;
  }

  private boolean addsSpace() {
    JsonNode normalizer = tokenizer.path("normalizer");
    JsonNode metaspace = tokenizer.path("pre_tokenizer");
    boolean always = metaspace.path("prepend_scheme").asString("never").matches("always|first");
    return contains(normalizer, "Prepend") || always;
  }

  private Optional<String> template() {
    Path file = folder.resolve("chat_template.jinja");
    try {
      if (Files.isRegularFile(file)) {
        return Optional.of(links.text(file, MAX_TEMPLATE));
      }
    } catch (IOException unreadable) {
      throw new GgufException(
          "chat_template.jinja", "cannot be read: " + unreadable.getMessage(), unreadable);
    }
    JsonNode own = settings.path("chat_template");
    if (own.isString()) {
      return Optional.of(own.asString());
    }
    return own.valueStream()
        .filter(named -> named.path("name").asString("").equals("default"))
        .map(named -> named.path("template").asString(""))
        .findFirst();
  }

  private Optional<JsonNode> read(String name) {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (FileChannel channel = links.open(file)) {
      if (channel.size() > MAX_JSON) {
        throw new GgufException(
            name, "has %,d bytes, over the limit of %,d".formatted(channel.size(), MAX_JSON));
      }
      return Optional.of(JSON.readTree(Channels.newInputStream(channel)));
    } catch (IOException | JacksonException malformed) {
      throw new GgufException(name, "cannot be read: " + malformed.getMessage(), malformed);
    }
  }

  private static GgufException problem(String problem) {
    return new GgufException("tokenizer.json", problem);
  }
}
