package org.alphaquant.calibration;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.calibration.CalibrationException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokenizer of a model folder: its {@code tokenizer.json}, and the beginning-of-sequence rule
 * of its {@code tokenizer_config.json}. Never truncates and never pads, whatever the file says.
 * Safe for use by several threads.
 */
public final class Tokenizer implements AutoCloseable {

  /** Largest tokenizer.json; the largest published ones have some 35 MB. */
  public static final long MAX_BYTES = 256L << 20;

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long NO_BOS = -1;

  // Tokenizing needs no GPU, and where DJL sees one it would look for a build that the jar lacks.
  static {
    System.getProperties().putIfAbsent("RUST_FLAVOR", "cpu");
  }

  private final HuggingFaceTokenizer tokenizer;
  private final long bos;

  private Tokenizer(HuggingFaceTokenizer tokenizer, long bos) {
    this.tokenizer = tokenizer;
    this.bos = bos;
  }

  /**
   * Loads the tokenizer of a model folder.
   *
   * @throws CalibrationException if {@code tokenizer.json} is missing or malformed, or the
   *     beginning-of-sequence token that {@code tokenizer_config.json} asks for is none
   */
  public static Tokenizer open(Path modelFolder) {
    Path file = modelFolder.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new CalibrationException(
          Kind.TOKENIZER,
          "the model folder '%s' has no tokenizer.json; save the fast tokenizer beside the weights"
              .formatted(modelFolder.getFileName()));
    }
    HuggingFaceTokenizer tokenizer = load(file);
    try {
      return new Tokenizer(tokenizer, bos(modelFolder, tokenizer));
    } catch (RuntimeException problem) {
      tokenizer.close();
      throw problem;
    }
  }

  /** Token ids of a document, with the special tokens that the model expects around one. */
  public long[] encode(String text) {
    long[] ids = tokenizer.encode(text, true, false).getIds();
    return bos == NO_BOS || ids.length > 0 && ids[0] == bos ? ids : prepend(bos, ids);
  }

  /** Token ids of the text alone, as a piece of running text. */
  public long[] encodeWithoutSpecialTokens(String text) {
    return tokenizer.encode(text, false, false).getIds();
  }

  /** What to say of a file that is larger than {@link #MAX_BYTES}. */
  public static String tooLarge(long bytes) {
    return "tokenizer.json has %,d bytes, over the limit of %,d".formatted(bytes, MAX_BYTES);
  }

  private static HuggingFaceTokenizer load(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CalibrationException(Kind.TOKENIZER, tooLarge(Files.size(file)));
      }
      return HuggingFaceTokenizer.builder()
          .optTokenizerPath(file)
          .optTruncation(false)
          .optPadding(false)
          .build();
    } catch (CalibrationException problem) {
      throw problem;
    } catch (IOException | RuntimeException malformed) {
      throw new CalibrationException(
          Kind.TOKENIZER, "tokenizer.json cannot be loaded: " + malformed.getMessage(), malformed);
    }
  }

  // Python's Llama tokenizer class prepends the token although the tokenizer.json of DeepSeek and
  // others has no template for it (huggingface/swift-transformers issue 161).
  private static long bos(Path modelFolder, HuggingFaceTokenizer tokenizer) {
    Path file = modelFolder.resolve("tokenizer_config.json");
    if (!Files.isRegularFile(file)) {
      return NO_BOS;
    }
    JsonNode config = read(file);
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

  private static JsonNode read(Path file) {
    try {
      return JSON.readTree(file);
    } catch (JacksonException malformed) {
      throw new CalibrationException(
          Kind.TOKENIZER,
          "tokenizer_config.json cannot be read: " + malformed.getOriginalMessage(),
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
