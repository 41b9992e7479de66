package org.alphaquant.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriterTest {

  @TempDir Path folder;

  @Test
  void theWorkedExampleIsWrittenByteForByte() throws IOException {
    Path file = folder.resolve("a.safetensors");

    SafetensorsWriter.write(file, List.of(source("a", Dtype.I32, "10325476ffffffff", 2)));

    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]}}   ";
    byte[] expected =
        HexFormat.of()
            .parseHex(
                "5800000000000000"
                    + HexFormat.of().formatHex(header.getBytes(StandardCharsets.UTF_8))
                    + "10325476ffffffff");
    assertThat(Files.readAllBytes(file)).hasSize(104).isEqualTo(expected);
  }

  @Test
  void tensorsAreOrderedByAlignmentAndThenByName() {
    Path file = folder.resolve("a.safetensors");

    SafetensorsWriter.write(
        file,
        List.of(
            source("z", Dtype.BOOL, "01", 1),
            source("f", Dtype.F8_E4M3, "38", 1),
            source("b", Dtype.BF16, "803f", 1),
            source("a", Dtype.BF16, "803f", 1),
            source("w", Dtype.I32, "01000000", 1),
            source("s", Dtype.I64, "0100000000000000")));

    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.names()).containsExactly("s", "w", "a", "b", "f", "z");
      assertThat(read.info("s").shape()).isEmpty();
      assertThat(read.bytes("s").get(0).getLong()).isOne();
    }
  }

  @Test
  void everyTypeAndEmptyTensorsSurviveARoundTrip() {
    Path file = folder.resolve("a.safetensors");
    List<TensorSource> written =
        Arrays.stream(Dtype.values())
            .flatMap(
                dtype ->
                    Stream.of(
                        source(dtype.name(), dtype, "5a".repeat(dtype.bits()), 2, 4),
                        source(dtype.name() + ".none", dtype, "", 7, 0)))
            .toList();

    SafetensorsWriter.write(file, written);

    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      for (TensorSource tensor : written) {
        String name = tensor.info().name();
        assertThat(read.info(name)).isEqualTo(tensor.info());
        assertThat(read.bytes(name).stream().mapToInt(ByteBuffer::remaining).sum())
            .isEqualTo((int) tensor.info().bytes());
      }
      assertThat(read.bytes("F4").get(0).get(3)).isEqualTo((byte) 0x5a);
    }
  }

  @Test
  void theHashIsThatOfTheFile() {
    Path file = folder.resolve("a.safetensors");
    WrittenFile written = SafetensorsWriter.write(file, List.of(source("a", Dtype.U8, "0102", 2)));

    assertThat(written).isEqualTo(WrittenFile.of(file));
    assertThat(written.name()).isEqualTo("a.safetensors");
    assertThat(written.sha256()).matches("[0-9a-f]{64}");
  }

  @Test
  void aSourceThatGivesTooLittleLeavesTheOldFileAndNoOther() throws IOException {
    Path file = folder.resolve("a.safetensors");
    Files.writeString(file, "old");

    CheckpointException problem =
        catchThrowableOfType(
            CheckpointException.class,
            () -> SafetensorsWriter.write(file, List.of(source("a", Dtype.F32, "0102", 2))));

    assertThat(problem.kind()).isEqualTo(Kind.SOURCE_SIZE);
    assertThat(problem).hasMessageContaining("2 bytes were supplied for F32 [2], which takes 8");
    assertThat(file).hasContent("old");
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactly(file);
    }
  }

  @Test
  void aNameIsWrittenOnce() {
    List<TensorSource> twice =
        List.of(source("a", Dtype.U8, "01", 1), source("a", Dtype.U8, "02", 1));

    assertThatThrownBy(() -> SafetensorsWriter.write(folder.resolve("a.safetensors"), twice))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor 'a': is to be written twice");
    assertThatThrownBy(() -> ShardedWriter.write(folder, twice, 1))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor 'a': is to be written twice");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsAnError() throws IOException {
    Path notAFolder = Files.writeString(folder.resolve("file"), "");

    CheckpointException problem =
        catchThrowableOfType(
            CheckpointException.class,
            () -> SafetensorsWriter.write(notAFolder.resolve("a.safetensors"), List.of()));

    assertThat(problem.kind()).isEqualTo(Kind.NOT_WRITTEN);
  }

  @Test
  void oneShardNeedsNoIndex() throws IOException {
    config();

    List<WrittenFile> written = ShardedWriter.write(folder, layers(3));

    assertThat(written).extracting(WrittenFile::name).containsExactly("model.safetensors");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names()).hasSize(6);
    }
  }

  @Test
  void shardsAreFilledGreedilyAndKeepModulesTogether() throws IOException {
    config();

    List<WrittenFile> written = ShardedWriter.write(folder, layers(5), 25);

    assertThat(written)
        .extracting(WrittenFile::name)
        .containsExactly(
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors",
            "model.safetensors.index.json");
    assertThat(written).allMatch(file -> file.equals(WrittenFile.of(folder.resolve(file.name()))));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names()).hasSize(10);
      assertThat(checkpoint.totalBytes()).isEqualTo(60);
      assertThat(checkpoint.bytes("layers.4.scale").get(0).get(0)).isEqualTo((byte) 4);
    }
    assertThat(Files.readString(folder.resolve("model.safetensors.index.json")))
        .contains("\"total_size\" : 60");
  }

  @Test
  void aTensorLargerThanAShardGetsItsOwn() throws IOException {
    config();
    List<TensorSource> tensors =
        List.of(
            source("a.weight", Dtype.U8, "01", 1),
            source("b.weight", Dtype.U8, "02".repeat(50), 50),
            source("c.weight", Dtype.U8, "03", 1));

    assertThat(ShardedWriter.write(folder, tensors, 10)).hasSize(4);
  }

  @Test
  void weightsOfAnotherCheckpointAreNotMixedIn() throws IOException {
    ShardedWriter.write(folder, layers(5), 25);

    CheckpointException problem =
        catchThrowableOfType(
            CheckpointException.class, () -> ShardedWriter.write(folder, layers(5)));

    assertThat(problem.kind()).isEqualTo(Kind.STALE_WEIGHTS);
    assertThat(ShardedWriter.write(folder, layers(5), 25)).as("the same again").hasSize(4);
  }

  @Test
  void aCheckpointIsCopiedFromItsMappedFiles() throws IOException {
    config();
    try (Checkpoint original = Checkpoint.open(Path.of("src/test/resources/micro/qwen2_moe"))) {
      ShardedWriter.write(
          folder,
          original.names().stream()
              .map(name -> original.source(name).renamed("copy." + name))
              .toList());

      try (Checkpoint copy = Checkpoint.open(folder)) {
        assertThat(copy.totalBytes()).isEqualTo(original.totalBytes());
        for (String name : original.names()) {
          assertThat(copy.bytes("copy." + name)).isEqualTo(original.bytes(name));
        }
      }
    }
  }

  private void config() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
  }

  /** Modules of twelve bytes each. */
  private static List<TensorSource> layers(int count) {
    return IntStream.range(0, count)
        .mapToObj(Integer::toString)
        .flatMap(
            i ->
                Stream.of(
                    source("layers." + i + ".packed", Dtype.I64, "0" + i + "00".repeat(7), 1),
                    source("layers." + i + ".scale", Dtype.F32, "0" + i + "000000", 1)))
        .toList();
  }

  private static TensorSource source(String name, Dtype dtype, String hex, long... shape) {
    return TensorSource.of(
        new TensorInfo(name, dtype, Arrays.stream(shape).boxed().toList()),
        ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }
}
