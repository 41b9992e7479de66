package org.alphaquant.calibration;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.OtherContent;
import org.alphaquant.problem.MalformedJson;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokenizer of a model folder: its {@code tokenizer.json}, and the beginning-of-sequence rule
 * of its {@code tokenizer_config.json}. Never truncates or pads, even where the file asks for it.
 * Safe for use by several threads.
 */
public final class Tokenizer implements AutoCloseable {

  /** Largest tokenizer.json; the largest published ones have some 35 MB. */
  public static final long MAX_BYTES = 256L << 20;

  /** Largest tokenizer_config.json; it may name thousands of added tokens. */
  public static final long MAX_CONFIG_BYTES = 16L << 20;

  private static final String CONFIG = "tokenizer_config.json";

  private static final String LEAST =
      """
      {"version": "1.0", "added_tokens": [],
       "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
      """;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
  private static final long NO_BOS = -1;
  private static final Map<String, String> AS_IT_IS =
      Map.of("truncation", "false", "padding", "false");

  // The engine would report to its makers that it is used, and wait for their answer.
  static {
    System.getProperties().putIfAbsent("OPT_OUT_TRACKING", "true");
  }

  // Tokenizing needs no GPU, and where DJL sees one it would look for a build that the jar lacks.
  static {
    System.getProperties().putIfAbsent("RUST_FLAVOR", "cpu");
  }

  private final HuggingFaceTokenizer tokenizer;
  private final LongTextEncoder pieces;
  private final long bos;

  private Tokenizer(HuggingFaceTokenizer tokenizer, long bos, Runnable between) {
    this.tokenizer = tokenizer;
    this.pieces = new LongTextEncoder(tokenizer, between);
    this.bos = bos;
  }

  /**
   * Loads the tokenizer of a model folder.
   *
   * @throws CalibrationException if {@code tokenizer.json} is missing or malformed, or the
   *     beginning-of-sequence token that {@code tokenizer_config.json} asks for is none
   */
  public static Tokenizer open(Path modelFolder) {
    return open(modelFolder, Links.OWN, () -> {});
  }

  /**
   * The same for an untrusted folder, and for long texts that are encoded piece by piece. The files
   * are opened once, here; a file that replaces them later is not read.
   *
   * @param links which links in the folder may be followed
   * @param between called before each piece of a text; throws to cancel
   */
  public static Tokenizer open(Path modelFolder, Links links, Runnable between) {
    Path file = modelFolder.resolve("tokenizer.json");
    MissingTokenizer.of(modelFolder, modelFolder.getFileName().toString())
        .ifPresent(
            message -> {
              throw new CalibrationException(Kind.TOKENIZER, message);
            });
    HuggingFaceTokenizer tokenizer = load(file, links);
    try {
      return new Tokenizer(tokenizer, bos(modelFolder, links, tokenizer), between);
    } catch (RuntimeException problem) {
      tokenizer.close();
      throw problem;
    }
  }

  /**
   * Loads what every tokenizer needs, for a thread beside work that comes before one; in a process
   * that takes half a second once.
   */
  public static void warmUp() {
    try (HuggingFaceTokenizer least =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(LEAST.getBytes(StandardCharsets.UTF_8)), AS_IT_IS)) {
      LongTextEncoder.ids(least, "a", true);
    } catch (IOException | RuntimeException | LinkageError unusable) {
      // Whoever opens one sees for itself what is wrong.
      return;
    }
  }

  /** Token ids of a document, with the special tokens that the model expects around one. */
  public long[] encode(String text) {
    return encode(text, Long.MAX_VALUE);
  }

  /**
   * The first token ids of a document, with the special tokens that the model expects around one.
   *
   * @param most the number wanted; a longer text may return more, but is not encoded to its end
   */
  public long[] encode(String text, long most) {
    String whole = WholeCharacters.of(text);
    long[] ids =
        whole.length() <= LongTextEncoder.PIECE
            ? LongTextEncoder.ids(tokenizer, whole, true)
            : SpecialTokens.of(tokenizer).around(pieces.encode(whole, most), most);
    return bos == NO_BOS || ids.length > 0 && ids[0] == bos ? ids : prepend(bos, ids);
  }

  /** Token ids of the text alone, as a piece of running text. */
  public long[] encodeWithoutSpecialTokens(String text) {
    return encodeWithoutSpecialTokens(text, Long.MAX_VALUE);
  }

  /**
   * The first token ids of the text alone.
   *
   * @param most as in {@link #encode(String, long)}
   */
  public long[] encodeWithoutSpecialTokens(String text, long most) {
    return pieces.encode(WholeCharacters.of(text), most);
  }

  /** The error message for ids beyond a vocabulary; empty where all are within it. */
  public Optional<String> beyond(long vocabulary, long[] ids) {
    return Arrays.stream(ids)
        .filter(id -> id < 0 || id >= vocabulary)
        .mapToObj(
            id ->
                "tokenizer.json makes the token id %d (%s); the model's vocabulary ends at %d, as its embedding has %d rows"
                    .formatted(id, Excerpt.of(text(id)), vocabulary - 1, vocabulary))
        .findFirst();
  }

  private String text(long id) {
    return tokenizer.decode(new long[] {id}, false);
  }

  /** The text of ids, without special tokens. */
  public String decode(long... ids) {
    return tokenizer.decode(ids, true);
  }

  /** The error message for a file of a tokenizer that is too large to be read. */
  public static Optional<String> tooLarge(Path file, long bytes) {
    String name = file.getFileName().toString();
    long limit = name.equals(CONFIG) ? MAX_CONFIG_BYTES : MAX_BYTES;
    return bytes > limit
        ? Optional.of("%s has %,d bytes, over the limit of %,d".formatted(name, bytes, limit))
        : Optional.empty();
  }

  private static void requireSize(Path file, long bytes) {
    tooLarge(file, bytes)
        .ifPresent(
            message -> {
              throw new CalibrationException(Kind.TOKENIZER, message);
            });
  }

  private static HuggingFaceTokenizer load(Path file, Links links) {
    try (FileChannel channel = links.open(file)) {
      requireSize(file, channel.size());
      return parse(file, Channels.newInputStream(channel));
    } catch (IOException unreadable) {
      throw new CalibrationException(
          Kind.TOKENIZER, "tokenizer.json cannot be read: " + unreadable, unreadable);
    }
  }

  private static HuggingFaceTokenizer parse(Path file, InputStream content) {
    try {
      return HuggingFaceTokenizer.newInstance(content, AS_IT_IS);
    } catch (IOException | RuntimeException malformed) {
      String reason = OtherContent.of(file).map("this is "::concat).orElse(malformed.getMessage());
      throw new CalibrationException(
          Kind.TOKENIZER, "tokenizer.json cannot be loaded: " + reason, malformed);
    }
  }

  // Python's Llama tokenizer class prepends the token although the tokenizer.json of DeepSeek and
  // others has no template for it (huggingface/swift-transformers issue 161).
  private static long bos(Path modelFolder, Links links, HuggingFaceTokenizer tokenizer) {
    Path file = modelFolder.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      return NO_BOS;
    }
    JsonNode config = read(file, links);
    if (!config.path("add_bos_token").asBoolean(false)) {
      return NO_BOS;
    }
    JsonNode token = config.path("bos_token");
    String text = token.isObject() ? token.path("content").asString("") : token.asString("");
    long[] ids = text.isEmpty() ? new long[0] : tokenizer.encode(text, false, false).getIds();
    if (ids.length != 1) {
      throw new CalibrationException(
          Kind.TOKENIZER,
          "tokenizer_config.json sets add_bos_token, but its bos_token '%s' is %d tokens instead of one"
              .formatted(text, ids.length));
    }
    return ids[0];
  }

  private static JsonNode read(Path file, Links links) {
    try (FileChannel channel = links.open(file)) {
      requireSize(file, channel.size());
      return JSON.readTree(Channels.newInputStream(channel));
    } catch (IOException unreadable) {
      throw new CalibrationException(
          Kind.TOKENIZER, "tokenizer_config.json cannot be read: " + unreadable, unreadable);
    } catch (JacksonException malformed) {
      throw new CalibrationException(
          Kind.TOKENIZER,
          "tokenizer_config.json cannot be read: "
              + OtherContent.of(file)
                  .map("this is "::concat)
                  .orElse(MalformedJson.reason(malformed)),
          malformed);
    }
  }

  private static long[] prepend(long first, long[] rest) {
    long[] all = new long[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
