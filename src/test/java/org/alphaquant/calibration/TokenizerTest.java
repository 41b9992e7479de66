package org.alphaquant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.alphaquant.checkpoint.Links;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class TokenizerTest {

  private static final Path DEMO = Path.of("examples/models/olmoe-demo");
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long END_OF_TEXT = 0;

  @TempDir Path model;

  @BeforeEach
  void copyTokenizer() throws IOException {
    Files.copy(DEMO.resolve("tokenizer.json"), model.resolve("tokenizer.json"));
  }

  @Test
  void idsAreThoseOfPython() {
    JsonNode expected =
        JSON.readTree(Path.of("src/test/resources/calibration/expected_tokens.json"));
    try (Tokenizer tokenizer = Tokenizer.open(DEMO)) {
      assertThat(expected.path("texts")).hasSizeGreaterThan(3);
      for (JsonNode example : expected.path("texts")) {
        long[] ids = example.path("ids").valueStream().mapToLong(JsonNode::asLong).toArray();
        assertThat(tokenizer.encode(example.path("text").asString())).isEqualTo(ids);
      }
    }
  }

  /** JSON can spell half a pair; the characters around it are read as they are. */
  @Test
  void halfASurrogatePairIsTheReplacementCharacter() {
    String halved = "a\ud800b \udc00 🌍 ü\ud83c";
    String whole = "a\ufffdb \ufffd 🌍 ü\ufffd";
    try (Tokenizer tokenizer = Tokenizer.open(DEMO)) {
      assertThat(tokenizer.encode(halved)).isEqualTo(tokenizer.encode(whole));
      assertThat(tokenizer.encodeWithoutSpecialTokens(halved.repeat(9000)))
          .isEqualTo(tokenizer.encodeWithoutSpecialTokens(whole.repeat(9000)));
    }
  }

  @Test
  void aBosTokenThatOnlyTheConfigAsksForIsPrepended() throws IOException {
    config("{\"add_bos_token\":true,\"bos_token\":\"<|endoftext|>\"}");
    assertBosOnce();
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      assertThat(tokenizer.encode("<|endoftext|>One day")).isEqualTo(tokenizer.encode("One day"));
    }
  }

  @Test
  void theBosTokenMayBeAnObject() throws IOException {
    config(
        "{\"add_bos_token\":true,\"bos_token\":{\"content\":\"<|endoftext|>\",\"lstrip\":false}}");
    assertBosOnce();
  }

  @Test
  void aBosTokenThatTheTemplateAddsIsNotDoubled() throws IOException {
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(model.resolve("tokenizer.json"));
    tokenizer.set(
        "post_processor",
        JSON.readTree(
            """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
             "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}}
            """));
    Files.writeString(model.resolve("tokenizer.json"), tokenizer.toString());
    config("{\"add_bos_token\":true,\"bos_token\":\"<|endoftext|>\"}");
    assertBosOnce();
  }

  @Test
  void aBosTokenIsNotAddedUnlessTheConfigAsks() throws IOException {
    config("{\"add_bos_token\":false,\"bos_token\":\"<|endoftext|>\"}");
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      assertThat(tokenizer.encode("One day")).doesNotContain(END_OF_TEXT).isNotEmpty();
      assertThat(tokenizer.encode("")).isEmpty();
    }
  }

  @Test
  void aBosTokenThatIsNoTokenIsAnError() throws IOException {
    config("{\"add_bos_token\":true,\"bos_token\":\"<s>\"}");
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("bos_token '<s>' is 3 tokens instead of one");
  }

  @Test
  void truncationAndPaddingOfTheFileAreIgnored() throws IOException {
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(model.resolve("tokenizer.json"));
    tokenizer.set(
        "truncation",
        JSON.readTree(
            "{\"direction\":\"Right\",\"max_length\":5,\"strategy\":\"LongestFirst\",\"stride\":0}"));
    tokenizer.set(
        "padding",
        JSON.readTree(
            "{\"strategy\":{\"Fixed\":99},\"direction\":\"Right\",\"pad_to_multiple_of\":null,\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"<|endoftext|>\"}"));
    Files.writeString(model.resolve("tokenizer.json"), tokenizer.toString());
    String text = "One day Femi went to the library with Noor and a bottle.";

    try (Tokenizer plain = Tokenizer.open(DEMO);
        Tokenizer limited = Tokenizer.open(model)) {
      assertThat(limited.encode(text)).hasSizeGreaterThan(5).isEqualTo(plain.encode(text));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.json", "tokenizer_config.json"})
  void aPointerInPlaceOfAFileIsNamed(String name) throws IOException {
    Files.writeString(
        model.resolve(name), "version https://git-lfs.github.com/spec/v1\nsize 9085657\n");
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("this is a Git LFS pointer");
  }

  @Test
  void idsBeyondAVocabularyComeWithTheirText() {
    try (Tokenizer tokenizer = Tokenizer.open(DEMO)) {
      long[] ids = tokenizer.encode("One day Femi went to the library");
      long largest = Arrays.stream(ids).max().getAsLong();
      assertThat(tokenizer.beyond(largest + 1, ids)).isEmpty();
      assertThat(tokenizer.beyond(largest, ids))
          .hasValueSatisfying(
              text ->
                  assertThat(text)
                      .contains("token id " + largest + " ('")
                      .contains("ends at " + (largest - 1))
                      .contains("has " + largest + " rows"));
    }
  }

  @Test
  void aFolderWithoutTokenizerIsAnError() throws IOException {
    Files.delete(model.resolve("tokenizer.json"));
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("has no tokenizer.json");
  }

  @Test
  void aVocabularyOfTiktokenAloneIsNamedForWhatItIs() throws IOException {
    Files.delete(model.resolve("tokenizer.json"));
    Files.writeString(model.resolve("tiktoken.model"), "IQ== 0\n");
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining(
            "has no tokenizer.json but tiktoken.model, a tiktoken vocabulary, which is not read;")
        .hasMessageContaining("save_pretrained");
  }

  @Test
  void filesThatAreReplacedByLinksAfterTheyWereLookedAtAreNotRead() throws IOException {
    Path outside = model.resolve("outside.json");
    for (String name : new String[] {"tokenizer_config.json", "tokenizer.json"}) {
      config("{}");
      Links replaced =
          file -> {
            if (file.getFileName().toString().equals(name)) {
              Files.move(file, outside, StandardCopyOption.REPLACE_EXISTING);
              Files.createSymbolicLink(file, outside);
            }
            return file;
          };
      assertThatThrownBy(() -> Tokenizer.open(model, replaced, () -> {}))
          .isInstanceOf(CalibrationException.class)
          .hasMessageStartingWith(name + " cannot be read");
      Files.move(outside, model.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Test
  void aMalformedTokenizerIsAnError() throws IOException {
    Files.writeString(model.resolve("tokenizer.json"), "{\"model\":{}}");
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("tokenizer.json cannot be loaded");
  }

  @Test
  void aMalformedTokenizerConfigIsAnError() throws IOException {
    config("{");
    assertThatThrownBy(() -> Tokenizer.open(model))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("tokenizer_config.json cannot be read");
  }

  private void assertBosOnce() {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      long[] text = tokenizer.encodeWithoutSpecialTokens("One day");
      assertThat(text).doesNotContain(END_OF_TEXT);
      assertThat(tokenizer.encode("One day"))
          .hasSize(text.length + 1)
          .startsWith(END_OF_TEXT)
          .endsWith(text);
    }
  }

  private void config(String json) throws IOException {
    Files.writeString(model.resolve("tokenizer_config.json"), json);
  }
}
