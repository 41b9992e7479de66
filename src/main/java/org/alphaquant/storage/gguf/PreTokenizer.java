package org.alphaquant.storage.gguf;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;

/**
 * Cuts text into the pieces that byte-pair merges stay within. Patterns are applied in sequence;
 * each match of one, and the text between its matches, is a piece for the next.
 */
record PreTokenizer(List<Pattern> patterns) {

  private static final int MAX_PATTERN = 10_000;
  private static final int MAX_PATTERNS = 50;

  /** The pattern of byte-level tokenizers that define none (GPT-2's). */
  static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  static PreTokenizer of(String... patterns) {
    return new PreTokenizer(
        List.of(patterns).stream()
            .map(pattern -> Pattern.compile(pattern, Pattern.UNICODE_CHARACTER_CLASS))
            .toList());
  }

  private static PreTokenizer ofUntrusted(List<String> patterns) {
    if (patterns.size() > MAX_PATTERNS) {
      throw unknown("%,d patterns".formatted(patterns.size()));
    }
    for (String pattern : patterns) {
      if (pattern.length() > MAX_PATTERN) {
        throw unknown("a pattern of %,d characters".formatted(pattern.length()));
      }
    }
    try {
      return of(patterns.toArray(String[]::new));
    } catch (PatternSyntaxException | StackOverflowError notJava) {
      throw unknown("a pattern that is not known here");
    }
  }

  /**
   * The {@code pre_tokenizer} of a tokenizer.json.
   *
   * @throws GgufException if it has an unknown part
   */
  static PreTokenizer read(JsonNode node) {
    List<String> patterns = new ArrayList<>();
    collect(node, patterns);
    return ofUntrusted(patterns);
  }

  private static void collect(JsonNode node, List<String> patterns) {
    switch (node.path("type").asString("")) {
      case "Sequence" ->
          node.path("pretokenizers").valueStream().forEach(part -> collect(part, patterns));
      case "Split" -> patterns.add(split(node));
      case "Digits" ->
          patterns.add(node.path("individual_digits").asBoolean(false) ? "\\p{N}" : "\\p{N}+");
      case "Punctuation" -> patterns.add("[\\p{P}!-/:-@\\[-`{-~]");
      case "ByteLevel" -> {
        if (node.path("add_prefix_space").asBoolean(false)) {
          throw unknown("a ByteLevel part with add_prefix_space");
        }
        if (node.path("use_regex").asBoolean(true)) {
          patterns.add(GPT2);
        }
      }
      default -> throw unknown("a part of type '" + node.path("type").asString("") + "'");
    }
  }

  private static String split(JsonNode node) {
    String behavior = node.path("behavior").asString("");
    if (!behavior.equals("Isolated") && !behavior.equals("Removed")) {
      throw unknown("a Split part with behavior " + behavior);
    }
    if (behavior.equals("Removed") && !node.path("invert").asBoolean(false)) {
      throw unknown("a Split part that removes text");
    }
    JsonNode pattern = node.path("pattern");
    return pattern.has("Regex")
        ? pattern.path("Regex").asString("")
        : Pattern.quote(pattern.path("String").asString(""));
  }

  private static GgufException unknown(String what) {
    return new GgufException(
        "tokenizer.json", "has " + what + ", which llama.cpp is not known to do");
  }

  /**
   * The pieces of a text, in order.
   *
   * @throws GgufException if a pattern takes too many steps
   */
  List<String> pieces(String text) {
    BoundedText.Reads reads = new BoundedText.Reads();
    List<String> pieces = List.of(text);
    for (Pattern pattern : patterns) {
      pieces = pieces.stream().flatMap(piece -> cut(pattern, piece, reads).stream()).toList();
    }
    return pieces;
  }

  private static List<String> cut(Pattern pattern, String text, BoundedText.Reads reads) {
    List<String> pieces = new ArrayList<>();
    Matcher match = pattern.matcher(new BoundedText(text, reads));
    int end = 0;
    while (match.find()) {
      if (match.start() > end) {
        pieces.add(text.substring(end, match.start()));
      }
      if (match.end() > match.start()) {
        pieces.add(match.group());
      }
      end = match.end();
    }
    if (end < text.length()) {
      pieces.add(text.substring(end));
    }
    return pieces;
  }
}
