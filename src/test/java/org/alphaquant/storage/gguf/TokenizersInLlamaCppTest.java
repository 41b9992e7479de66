package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.llamacpp.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** llama.cpp cuts text into the tokens that the model's own tokenizer does. */
class TokenizersInLlamaCppTest {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Path MODEL = Path.of("src/test/resources/micro/qwen2");
  private static final Optional<Engine> ENGINE = Engine.start();

  private static final String TEXT =
      "def main(x):\n    return x['a'] + 12345 * 3.14  # it's HE'S they'LL\n\n\n\t\tWorld 2026-01-02\r\n"
          + "naïve café Ωmega привет мир 你好 こんにちは カタカナ 한국어 हिन्दी emoji 😀👍🏽 ½ CamelCase snake_case"
          + "  three   spaces !!! ...\n ?! /path/to \"said\" don't $5 a\u00a0b \u3000全角。  ";

  @TempDir Path folder;

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  static Stream<Arguments> patterns() {
    String contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    String rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    String words = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    String byOne = contractions + words + "|\\p{N}" + rest;
    String byThree = contractions + words + "|\\p{N}{1,3}" + rest;
    String phrases =
        contractions
            + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
    return Stream.of(
        Arguments.of("gpt-2", List.of(), false),
        Arguments.of("qwen2", List.of(byOne), false),
        Arguments.of("laguna", List.of("[^\\n]+|[\\n]+", byOne), false),
        Arguments.of("exaone-moe", List.of(phrases), false),
        Arguments.of("dbrx", List.of(byThree), false),
        Arguments.of("llama-bpe", List.of(byThree), true));
  }

  @ParameterizedTest
  @MethodSource("patterns")
  void aPreTokenizerIsFoundByWhatItDoes(String name, List<String> patterns, boolean wholeWords)
      throws IOException {
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(MODEL.resolve("tokenizer.json").toFile());
    if (!patterns.isEmpty()) {
      tokenizer.set("pre_tokenizer", sequence(patterns));
    }
    ((ObjectNode) tokenizer.get("model")).put("ignore_merges", wholeWords);
    write(tokenizer);
    assertThat(GgufTokenizer.metadata(folder, Links.OWN, JSON.createObjectNode(), 1024))
        .containsEntry("tokenizer.ggml.pre", MetadataValue.string(name));
    requireSameTokens();
  }

  private static ObjectNode sequence(List<String> patterns) {
    ArrayNode parts = JSON.createArrayNode();
    for (String pattern : patterns) {
      ObjectNode split = parts.addObject().put("type", "Split");
      split.set("pattern", JSON.createObjectNode().put("Regex", pattern));
      split.put("behavior", "Isolated").put("invert", false);
    }
    ObjectNode bytes =
        JSON.createObjectNode()
            .put("type", "ByteLevel")
            .put("add_prefix_space", false)
            .put("trim_offsets", false)
            .put("use_regex", false);
    ObjectNode sequence = JSON.createObjectNode().put("type", "Sequence");
    sequence.set("pretokenizers", parts.add(bytes));
    return sequence;
  }

  @Test
  void bpeOfASentencePieceModelGivesTheSameTokens() throws IOException {
    Files.copy(
        Path.of("src/test/resources/tokenizers/sentencepiece.json"),
        folder.resolve("tokenizer.json"));
    assertThat(GgufTokenizer.metadata(folder, Links.OWN, JSON.createObjectNode(), 1024))
        .containsEntry("tokenizer.ggml.model", MetadataValue.string("llama"));
    requireSameTokens();
  }

  @Test
  void aPatternThatTheEngineDoesNotHaveIsRefused() throws IOException {
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(MODEL.resolve("tokenizer.json").toFile());
    tokenizer.set("pre_tokenizer", sequence(List.of("[a-z]+|.")));
    write(tokenizer);
    assertThatThrownBy(
            () -> GgufTokenizer.metadata(folder, Links.OWN, JSON.createObjectNode(), 1024))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("tokenizer.json cuts text as no pre-tokenizer of llama.cpp");
  }

  private void write(ObjectNode tokenizer) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer));
  }

  private void requireSameTokens() throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(MODEL.resolve(file), folder.resolve(file));
    }
    ExportedModel.write(folder, folder, GgufType.F32, Long.MAX_VALUE);
    assertThat(ENGINE.get().load(folder.resolve("model.gguf"))).isEmpty();
    try (Tokenizer own = Tokenizer.open(folder)) {
      assertThat(ENGINE.get().tokenize(TEXT)).isEqualTo(own.encodeWithoutSpecialTokens(TEXT));
    }
  }
}
