package org.alphaquant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.Links;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Texts that are encoded piece by piece have the tokens that they have as a whole. */
class LongTextTest {

  private static final Path DEMO = Path.of("examples/models/olmoe-demo");
  private static final int SIZE = 3000;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "examples/models/olmoe-demo/tokenizer.json",
    "src/test/resources/tokenizers/sentencepiece.json",
    "src/test/resources/micro/deepseek_v3/tokenizer.json",
    "src/test/resources/families/tokenizer.json"
  })
  void theTokensAreThoseOfTheWhole(Path file) throws IOException {
    try (HuggingFaceTokenizer tokenizer = load(file)) {
      for (String text : texts()) {
        long[] whole = tokenizer.encode(text, false, false).getIds();
        AtomicInteger pieces = new AtomicInteger();
        long[] joined =
            new LongTextEncoder(tokenizer, pieces::incrementAndGet, SIZE)
                .encode(text, Long.MAX_VALUE);
        assertThat(joined).as(Excerpt.of(text)).isEqualTo(whole);
        assertThat(pieces.get()).isGreaterThan(2);
        for (int most : new int[] {1, 700, 5000}) {
          long[] begin = new LongTextEncoder(tokenizer, () -> {}, SIZE).encode(text, most);
          int count = Math.min(most, whole.length);
          assertThat(begin).hasSizeGreaterThanOrEqualTo(count);
          assertThat(IntStream.range(0, count).allMatch(i -> begin[i] == whole[i])).isTrue();
        }
      }
    }
  }

  private static HuggingFaceTokenizer load(Path file) throws IOException {
    return HuggingFaceTokenizer.builder()
        .optTokenizerPath(file)
        .optTruncation(false)
        .optPadding(false)
        .build();
  }

  private static List<String> texts() throws IOException {
    String prose = Files.readString(Path.of("examples/text/eval.txt"));
    String mixed =
        "Straße, Ελλάδα, Москва, 東京都, 한국어, हिन्दी, العربية, 👩‍👩‍👧 🎉 e\u0301 \t\r\n  x=0x7f;\n\n\n";
    Random random = new Random(3);
    return List.of(
        prose.substring(0, 40_000),
        mixed.repeat(400),
        "a".repeat(30_000),
        " ".repeat(30_000) + "end",
        "\n".repeat(9_000) + " x ".repeat(9_000),
        "<|endoftext|>".repeat(2_000),
        "🎉".repeat(8_000),
        "\0".repeat(20_000),
        random.ints(30_000, 'a', 'z').mapToObj(Character::toString).collect(Collectors.joining()),
        random.ints(30_000, '0', '9').mapToObj(Character::toString).collect(Collectors.joining()),
        random
            .ints(30_000, 0x4e00, 0x9000)
            .mapToObj(Character::toString)
            .collect(Collectors.joining()));
  }

  /** 8 MB in one line: the time and memory are those of what the samples need. */
  @Test
  void noMoreOfADocumentIsEncodedThanTheSamplesNeed() throws IOException {
    String text = Files.readString(Path.of("examples/text/eval.txt"));
    String line = text.replace('\n', ' ').repeat(8_000_000 / text.length());
    Path plain = Files.writeString(folder.resolve("long.txt"), line);
    String row = JsonMapper.shared().writeValueAsString(Map.of("text", line));
    Path rows = Files.writeString(folder.resolve("long.jsonl"), row);
    AtomicInteger pieces = new AtomicInteger();
    try (Tokenizer tokenizer = Tokenizer.open(DEMO, Links.OWN, pieces::incrementAndGet)) {
      CalibrationSamples ofText = collect(plain, OptionalInt.empty(), tokenizer);
      CalibrationSamples ofRow = collect(rows, OptionalInt.empty(), tokenizer);
      CalibrationSamples ofBeginning = collect(rows, OptionalInt.of(128), tokenizer);
      long[] begin = tokenizer.encode(line.substring(0, 20_000));
      assertThat(ofRow.tokens()[0])
          .startsWith(IntStream.range(0, 128).mapToLong(i -> begin[i]).toArray());
      assertThat(ofText.tokens()).isDeepEqualTo(ofRow.tokens());
      assertThat(ofBeginning.tokens()[0]).isEqualTo(ofRow.tokens()[0]);
    }
    assertThat(pieces.get()).isLessThan(10);
  }

  private static CalibrationSamples collect(Path file, OptionalInt least, Tokenizer tokenizer) {
    int samples = least.isPresent() ? 1 : 8;
    return CalibrationSamples.collect(
        new CalibrationSpec(TextSource.of(file, null), samples, 128, least, 0), tokenizer);
  }

  @Test
  void theWorkCanBeEndedBetweenPieces() throws IOException {
    String text = Files.readString(Path.of("examples/text/eval.txt"));
    AtomicInteger pieces = new AtomicInteger();
    Runnable third =
        () -> {
          if (pieces.incrementAndGet() == 3) {
            throw new IllegalStateException("cancelled");
          }
        };
    try (Tokenizer tokenizer = Tokenizer.open(DEMO, Links.OWN, third)) {
      assertThatThrownBy(() -> tokenizer.encodeWithoutSpecialTokens(text.repeat(4)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("cancelled");
    }
  }

  @Test
  void aLineOfPlainTextOfAnyLengthIsReadInPartsThatMakeItUp() throws IOException {
    String line = "é東🎉a".repeat(300_000);
    Path file = Files.writeString(folder.resolve("line.txt"), "first\n" + line + "\nlast");
    StringBuilder all = new StringBuilder();
    int parts = 0;
    try (Documents documents = new Paragraphs(file)) {
      for (var next = documents.next(); next.isPresent(); next = documents.next()) {
        assertThat(next.get().text().length()).isLessThanOrEqualTo(2 * Paragraphs.MAX_CHARS);
        all.append(next.get().text());
        parts++;
      }
    }
    assertThat(all).hasToString("first\n" + line + "\nlast");
    assertThat(parts).isGreaterThan(1);
  }

  /** The tokens that a template puts around a document stand around a long one too. */
  @Test
  void aLongDocumentBeginsAndEndsAsAShortOneDoes() throws IOException {
    String template =
        """
        "post_processor": {"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
                     {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}],
          "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
          "special_tokens": {"<|endoftext|>":
            {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}}""";
    String own = Files.readString(DEMO.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        own.replaceFirst("\"post_processor\":\\s*(null|\\{[^{}]*})", template));
    String text = Files.readString(Path.of("examples/text/eval.txt")).substring(0, 80_000);
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      long[] ids = tokenizer.encode(text);
      assertThat(ids).startsWith(0).endsWith(0);
      assertThat(ids).hasSize(tokenizer.encodeWithoutSpecialTokens(text).length + 2);
      long[] begin = tokenizer.encode(text, 100);
      assertThat(begin[0]).isZero();
      assertThat(begin[begin.length - 1]).isNotZero();
    }
  }
}
