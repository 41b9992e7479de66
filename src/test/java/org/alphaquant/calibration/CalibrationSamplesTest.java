package org.alphaquant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CalibrationSamplesTest {

  private static final Path TEXT = Path.of("examples/text/calibration.jsonl");
  private static final JsonNode EXPECTED =
      JsonMapper.builder()
          .build()
          .readTree(Path.of("src/test/resources/calibration/expected_tokens.json"));

  private static Tokenizer tokenizer;

  @TempDir Path folder;

  @BeforeAll
  static void openTokenizer() {
    tokenizer = Tokenizer.open(Path.of("examples/models/olmoe-demo"));
  }

  @AfterAll
  static void closeTokenizer() {
    tokenizer.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"first_long_documents", "joined", "joined_if_long_enough"})
  void samplesAreThoseOfPython(String rule) {
    JsonNode expected = EXPECTED.path(rule);
    JsonNode minLength = expected.path("min_length");

    CalibrationSamples samples =
        CalibrationSamples.collect(
            new CalibrationSpec(
                TextSource.of(TEXT, null),
                expected.path("samples").asInt(),
                expected.path("sequence_length").asInt(),
                minLength.isMissingNode() ? OptionalInt.empty() : OptionalInt.of(minLength.asInt()),
                0),
            tokenizer);

    assertThat(samples.samples()).isEqualTo(expected.path("samples").asInt());
    assertThat(samples.sequenceLength()).isEqualTo(expected.path("sequence_length").asInt());
    assertThat(samples.tokens()[0])
        .startsWith(expected.path("first").valueStream().mapToLong(JsonNode::asLong).toArray());
    assertThat(samples.sha256()).isEqualTo(expected.path("sha256").asString());
  }

  @Test
  void aSeedShufflesTheSameWayEveryTime() {
    TextSource source = TextSource.of(TEXT, "text");
    CalibrationSamples inOrder = collect(source, 8, 64, OptionalInt.of(64), 0);
    CalibrationSamples once = collect(source, 8, 64, OptionalInt.of(64), 7);

    assertThat(once.sha256())
        .isEqualTo(collect(source, 8, 64, OptionalInt.of(64), 7).sha256())
        .isNotEqualTo(inOrder.sha256())
        .isNotEqualTo(collect(source, 8, 64, OptionalInt.of(64), 8).sha256());
  }

  @Test
  void shufflingLosesNoDocument() {
    List<String> texts = List.of("a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8");
    try (Documents shuffled =
        Documents.of(new TextSource.Inline(texts), 3, null, Optional.empty())) {
      List<String> drawn =
          Stream.generate(shuffled::next)
              .takeWhile(Optional::isPresent)
              .map(it -> it.orElseThrow().text())
              .toList();
      assertThat(drawn).containsExactlyInAnyOrderElementsOf(texts).isNotEqualTo(texts);
    }
  }

  @Test
  void aDocumentOfTwoSourcesIsReadOnce() {
    TextSource first = new TextSource.Inline(List.of("One day", "One day", "Femi went"));
    TextSource second = new TextSource.Inline(List.of("Femi went", "to the library"));
    List<CalibrationSpec> distinct =
        Stream.of(first, second)
            .map(it -> new CalibrationSpec(it, 50, 2, OptionalInt.empty(), 0, true))
            .toList();
    CalibrationSamples samples = CalibrationSamples.collect(distinct, tokenizer, Optional.empty());
    assertThat(samples.used())
        .extracting(CalibrationSamples.Used::documents)
        .containsExactly(2L, 1L);
  }

  @Test
  void inlineTextsAreJoined() {
    CalibrationSamples samples =
        collect(
            new TextSource.Inline(List.of("One day Femi went", "", " to the library")),
            2,
            3,
            OptionalInt.empty(),
            0);
    long[] first = tokenizer.encode("One day Femi went");
    long[] second = tokenizer.encode(" to the library");
    assertThat(Arrays.stream(samples.tokens()).flatMapToLong(Arrays::stream))
        .containsExactly(
            LongStream.concat(Arrays.stream(first), Arrays.stream(second))
                .limit(6)
                .boxed()
                .toArray(Long[]::new));
  }

  @Test
  void plainTextIsOneStreamUnlessDocumentsAreWanted() throws IOException {
    Path text =
        write("a.txt", "\n\nOne day\nFemi went\n\n\nto the library\n \nwith Noor\nand a bottle");

    try (Documents paragraphs = new Paragraphs(text)) {
      assertThat(paragraphs.next().map(Document::text)).contains("\n\nOne day\nFemi went\n\n\n");
      assertThat(paragraphs.next().map(Document::text)).contains("to the library\n \n");
      assertThat(paragraphs.next().map(Document::text)).contains("with Noor\nand a bottle");
      assertThat(paragraphs.next()).isEmpty();
    }
    assertThat(collect(TextSource.of(text, null), 2, 4, OptionalInt.empty(), 0).documents())
        .isLessThanOrEqualTo(3);
  }

  @Test
  void tooLittleTextIsUsedWholeAndSaysHowMuchThereWas() {
    CalibrationSamples samples =
        collect(TextSource.of(TEXT, null), 128, 512, OptionalInt.of(60), 0);

    assertThat(samples.samples()).isBetween(10, 127);
    assertThat(samples.sequenceLength()).isEqualTo(512);
    assertThat(samples.used().get(0).samples()).isEqualTo(samples.samples());
    assertThat(samples.shortages())
        .singleElement()
        .asString()
        .contains("1200 documents of 62629 tokens give " + samples.samples() + " of the 128")
        .contains("samples of 512 tokens wanted")
        .contains("documents are shorter than min_length 60");
  }

  @Test
  void aTextShorterThanOneSampleIsOneShorterSample() {
    TextSource few = new TextSource.Inline(List.of("One day Femi went to the library"));
    CalibrationSamples samples = collect(few, 4, 64, OptionalInt.empty(), 0);

    assertThat(samples.samples()).isOne();
    assertThat(samples.tokens()[0]).isEqualTo(tokenizer.encode("One day Femi went to the library"));
    assertThat(samples.used().get(0).samples()).isOne();
    assertThat(samples.shortages().get(0))
        .contains("give one of %d tokens instead".formatted(samples.sequenceLength()))
        .contains("of the 4 samples of 64 tokens wanted");
  }

  @Test
  void aTextWithoutTwoTokensIsRefused() {
    CalibrationException problem =
        failure(new TextSource.Inline(List.of("")), 4, 64, OptionalInt.empty());
    assertThat(problem.kind()).isEqualTo(Kind.TOO_LITTLE_TEXT);
    assertThat(problem).hasMessageContaining("One sample needs two tokens at least");
  }

  @Test
  void documentsThatAreAllTooShortAreNoText() {
    TextSource few = new TextSource.Inline(List.of("One day", "Femi went"));
    assertThat(failure(few, 1, 64, OptionalInt.of(32)))
        .hasMessageContaining("2 documents are shorter than min_length 32");
  }

  @Test
  void anEmptyFileIsTooLittleText() throws IOException {
    assertThat(failure(TextSource.of(write("a.jsonl", ""), null), 1, 8, OptionalInt.empty()))
        .hasMessageContaining("0 documents of 0 tokens give 0 of the 1 samples");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"text\":\"a\"           | BAD_LINE      | 'a.jsonl', line 3: not valid JSON",
        "{\"text\":\"a\"} x        | BAD_LINE      | 'a.jsonl', line 3: not valid JSON",
        "[\"a\"]                   | BAD_LINE      | 'a.jsonl', line 3: not a JSON object: '[\"a\"]'",
        "null                      | BAD_LINE      | 'a.jsonl', line 3: not a JSON object: 'null'",
        "{\"content\":\"a\",\"id\":1}| MISSING_FIELD | line 3: no field 'text'; its fields are ['content', 'id']",
        "{}                        | MISSING_FIELD | line 3: no field 'text'; its fields are []",
        "{\"text\":null}           | MISSING_FIELD | line 3: field 'text' holds null instead of a text",
        "{\"text\":[\"a\"]}        | MISSING_FIELD | line 3: field 'text' holds array instead of a text"
      })
  void aBadLineIsNamed(String line, Kind kind, String told) throws IOException {
    Path text = write("a.jsonl", "\ufeff{\"text\":\"good\"}\r\n\n" + line + "\n");

    CalibrationException problem = failure(TextSource.of(text, null), 9, 9, OptionalInt.empty());

    assertThat(problem.kind()).isEqualTo(kind);
    assertThat(problem).hasMessageContaining(told);
  }

  @Test
  void textThatIsNotUtf8IsNamedWithItsLine() throws IOException {
    Path text = folder.resolve("a.jsonl");
    Files.write(text, new byte[] {'{', '}', '\n', '"', (byte) 0xff, '"'});

    assertThatThrownBy(
            () -> {
              try (TextLines lines = new TextLines(text)) {
                assertThat(lines.next()).contains("{}\n");
                lines.next();
              }
            })
        .isInstanceOf(CalibrationException.class)
        .hasMessage("'a.jsonl', line 2: the line is not valid UTF-8");
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> TextSource.of(folder.resolve("no.txt"), null))
        .hasMessage("'no.txt' cannot be read: there is no such file");
  }

  @Test
  void noMoreIsReadThanIsNeeded() throws IOException {
    Path text = write("a.jsonl", "{\"text\":\"One day Femi went to\"}\nthis is no JSON\n");
    assertThat(collect(TextSource.of(text, null), 1, 4, OptionalInt.empty(), 0).documents())
        .isOne();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 8, samples is 0",
    "1, 1, sequence_length is 1",
    "1048577, 8, samples is 1048577",
    "1, 262145, 'sequence_length is 262145; it must be from 2 to 262144'",
    "1048576, 256, samples * sequence_length is 268435456"
  })
  void aSpecificationOutOfRangeIsRefused(int samples, int length, String told) {
    assertThatThrownBy(
            () ->
                new CalibrationSpec(
                    TextSource.of(TEXT, null), samples, length, OptionalInt.empty(), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told);
  }

  @Test
  void eachSourceGivesItsSamples() {
    CalibrationSpec one =
        new CalibrationSpec(
            new TextSource.Inline(List.of("One day Femi went")), 1, 3, OptionalInt.empty(), 0);
    CalibrationSpec two =
        new CalibrationSpec(
            new TextSource.Inline(List.of("to the library", "to the library", "with Noor")),
            2,
            3,
            OptionalInt.empty(),
            0,
            true);
    CalibrationSamples samples =
        CalibrationSamples.collect(List.of(one, two), tokenizer, Optional.empty());
    assertThat(samples.samples()).isEqualTo(3);
    assertThat(samples.used()).extracting(CalibrationSamples.Used::samples).containsExactly(1, 2);
    assertThat(samples.tokens()[0])
        .isEqualTo(Arrays.copyOf(tokenizer.encode("One day Femi went"), 3));
    assertThat(samples.used().get(1).documents()).isLessThanOrEqualTo(2);
  }

  private CalibrationException failure(
      TextSource source, int samples, int length, OptionalInt minLength) {
    return catchThrowableOfType(
        CalibrationException.class, () -> collect(source, samples, length, minLength, 0));
  }

  private static CalibrationSamples collect(
      TextSource source, int samples, int length, OptionalInt minLength, long seed) {
    return CalibrationSamples.collect(
        new CalibrationSpec(source, samples, length, minLength, seed), tokenizer);
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
