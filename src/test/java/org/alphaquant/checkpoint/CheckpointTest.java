package org.alphaquant.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

  private static final Path MICRO = Path.of("src/test/resources/micro");

  @TempDir Path folder;

  @BeforeEach
  void writeConfig() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"olmoe\"}");
  }

  @Test
  void aSingleFileCheckpointIsOpened() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"))) {
      assertThat(checkpoint.config().path("model_type").asString()).isEqualTo("olmoe");
      assertThat(checkpoint.files()).hasSize(1);
      assertThat(checkpoint.has("model.embed_tokens.weight")).isTrue();
      assertThat(checkpoint.info("model.embed_tokens.weight").dtype()).isEqualTo(Dtype.BF16);
      assertThat(checkpoint.totalBytes()).isBetween(500_000L, 671_200L);
    }
  }

  @Test
  void aShardedCheckpointReadsAsOne() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("qwen2_moe"))) {
      assertThat(checkpoint.files()).hasSize(6);
      long bytes =
          checkpoint.names().stream()
              .flatMap(name -> checkpoint.bytes(name).stream())
              .mapToLong(slice -> slice.remaining())
              .sum();
      assertThat(bytes).isEqualTo(checkpoint.totalBytes()).isGreaterThan(600_000);
    }
  }

  @Test
  void anUnknownTensorIsNamed() {
    try (Checkpoint checkpoint = Checkpoint.open(MICRO.resolve("olmoe"))) {
      assertThatThrownBy(() -> checkpoint.bytes("model.layers.99.x"))
          .isInstanceOf(CheckpointException.class)
          .hasMessage("micro/olmoe: has no tensor 'model.layers.99.x'");
    }
  }

  @Test
  void aFileIsNotAFolder() {
    assertThat(opening(folder.resolve("config.json")).kind()).isEqualTo(Kind.NOT_A_FOLDER);
    assertThat(opening(folder.resolve("absent")).kind()).isEqualTo(Kind.NOT_A_FOLDER);
  }

  @Test
  void aByteOrderMarkBeforeConfigIsSkipped() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, "\ufeff" + Files.readString(config));
    assertThat(opening().kind()).isEqualTo(Kind.WEIGHTS_MISSING);
  }

  @Test
  void aMissingConfigIsAnError() throws IOException {
    Files.delete(folder.resolve("config.json"));
    assertThat(opening().kind()).isEqualTo(Kind.CONFIG_MISSING);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[1]", "7", "{\"a\":}", "{\"a\\ud800\":1}", "{\"a\":[\"\\udc00\"]}"})
  void aConfigThatIsNoJsonObjectIsAnError(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config);
    assertThat(opening().kind()).isEqualTo(Kind.CONFIG_MALFORMED);
    assertThat(opening()).hasMessageContaining("config.json");
  }

  @Test
  void pickledWeightsAreNeverOpened() throws IOException {
    Files.writeString(folder.resolve("pytorch_model.bin"), "cos\nsystem\n");
    assertThat(opening().kind()).isEqualTo(Kind.ONLY_PICKLE);
    assertThat(opening())
        .hasMessageContaining("'pytorch_model.bin'")
        .hasMessageContaining("convert");
  }

  @Test
  void aFolderWithoutWeightsTellsWhatItHolds() throws IOException {
    Files.writeString(folder.resolve("model.gguf"), "");
    assertThat(opening().kind()).isEqualTo(Kind.WEIGHTS_MISSING);
    assertThat(opening()).hasMessageContaining("'config.json', 'model.gguf'");
  }

  @Test
  void shardsWithoutAnIndexAndAdaptersAreToldApart() throws IOException {
    Files.writeString(folder.resolve("model-00001-of-00002.safetensors"), "");
    assertThat(opening()).hasMessageContaining(", but shards, whose index is missing; found [");
    Files.writeString(folder.resolve("adapter_config.json"), "{}");
    assertThat(opening()).hasMessageContaining("but an adapter").hasMessageContaining("merge");
  }

  @Test
  void anIndexMayBeginWithAByteOrderMark() throws IOException {
    MadeFile.withTensors(folder.resolve("model-00001-of-00001.safetensors"), "a");
    index("\ufeff{\"weight_map\":{\"a\":\"model-00001-of-00001.safetensors\"}}");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names()).containsExactly("a");
    }
  }

  @Test
  void aSingleFileBesideAnIndexThatDoesNotNameItIsAmbiguous() throws IOException {
    MadeFile.withTensors(folder.resolve("model.safetensors"), "a");
    MadeFile.withTensors(folder.resolve("model-00001-of-00001.safetensors"), "a");
    index("{\"weight_map\":{\"a\":\"model-00001-of-00001.safetensors\"}}");
    assertThat(opening().kind()).isEqualTo(Kind.AMBIGUOUS_WEIGHTS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"weight_map\":{}}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"x.safetensors\"",
        "{\"weight_map\":{\"a\":\"x.safetensors\"},\"weight_map\":{}}"
      })
  void aMalformedIndexIsAnError(String index) throws IOException {
    index(index);
    assertThat(opening().kind()).isEqualTo(Kind.INDEX_MALFORMED);
    assertThat(opening()).hasMessageContaining("model.safetensors.index.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.safetensors",
        "..",
        "/etc/x.safetensors",
        "sub/x.safetensors",
        "\\ud800.safetensors",
        "..\\\\x.safetensors",
        "C:x.safetensors",
        ".safetensors",
        "x\\u0000.safetensors",
        "pytorch_model.bin",
        ""
      })
  void anIndexCannotReachOutOfTheFolder(String shard) throws IOException {
    index("{\"weight_map\":{\"a\":\"%s\"}}".formatted(shard));
    assertThat(opening().kind()).isEqualTo(Kind.INDEX_PATH);
    assertThat(opening().tensor()).contains("a");
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    MadeFile.withTensors(folder.resolve("x.safetensors"), "a");
    index("{\"weight_map\":{\"a\":\"x.safetensors\",\"b\":\"y.safetensors\"}}");
    assertThat(opening().kind()).isEqualTo(Kind.SHARD_MISSING);
    assertThat(opening()).hasMessageContaining("1 of the 2 shards").hasMessageContaining("'y.safe");
  }

  @ParameterizedTest
  @CsvSource({"b, held by the other shard", "c, held by none"})
  void aTensorThatItsShardLacksIsNamed(String tensor, String because) throws IOException {
    MadeFile.withTensors(folder.resolve("x.safetensors"), "a");
    MadeFile.withTensors(folder.resolve("y.safetensors"), "b", "d");
    index("{\"weight_map\":{\"d\":\"y.safetensors\",\"%s\":\"x.safetensors\"}}".formatted(tensor));
    assertThat(opening().kind()).as(because).isEqualTo(Kind.TENSOR_NOT_IN_SHARD);
    assertThat(opening().tensor()).contains(tensor);
  }

  @Test
  void aTensorInTwoShardsIsNamedWithBoth() throws IOException {
    MadeFile.withTensors(folder.resolve("x.safetensors"), "a", "b");
    MadeFile.withTensors(folder.resolve("y.safetensors"), "b");
    index("{\"weight_map\":{\"a\":\"x.safetensors\",\"b\":\"y.safetensors\"}}");
    assertThat(opening().kind()).isEqualTo(Kind.TENSOR_IN_TWO_SHARDS);
    assertThat(opening())
        .hasMessageContaining("tensor 'b'")
        .hasMessageContaining("'x.safetensors' and in 'y.safetensors'");
  }

  @Test
  void anIndexThatPlacesATensorTwiceIsAnError() throws IOException {
    index("{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"y.safetensors\"}}");
    assertThat(opening().kind()).isEqualTo(Kind.TENSOR_IN_TWO_SHARDS);
  }

  @Test
  void aBrokenShardIsNamed() throws IOException {
    MadeFile.withTensors(folder.resolve("x.safetensors"), "a");
    Files.write(folder.resolve("y.safetensors"), new byte[3]);
    index("{\"weight_map\":{\"a\":\"x.safetensors\",\"b\":\"y.safetensors\"}}");
    assertThat(opening().kind()).isEqualTo(Kind.FILE_TOO_SHORT);
    assertThat(opening()).hasMessageContaining("y.safetensors");
  }

  @Test
  void namesFollowTheFiles() throws IOException {
    MadeFile.withTensors(folder.resolve("model.safetensors"), "b", "a");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(List.copyOf(checkpoint.names())).containsExactly("b", "a");
    }
  }

  private void index(String json) throws IOException {
    Files.writeString(folder.resolve("model.safetensors.index.json"), json);
  }

  private CheckpointException opening() {
    return opening(folder);
  }

  private static CheckpointException opening(Path folder) {
    return catchThrowableOfType(CheckpointException.class, () -> Checkpoint.open(folder).close());
  }
}
