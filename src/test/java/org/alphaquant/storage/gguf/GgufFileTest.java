package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.WrittenFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {

  @TempDir Path folder;

  private static Map<String, MetadataValue> metadata() {
    Map<String, MetadataValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", MetadataValue.string("olmoe"));
    metadata.put("a.number", MetadataValue.u32(4_000_000_000L));
    metadata.put("a.real", MetadataValue.f32(1e-5));
    metadata.put("a.flag", MetadataValue.bool(true));
    metadata.put("some.strings", MetadataValue.strings(List.of("ä", "")));
    metadata.put("some.numbers", MetadataValue.i32s(List.of(-1L, 7L)));
    metadata.put("some.reals", MetadataValue.f32s(List.of(0.5)));
    return metadata;
  }

  private static GgufTensor tensor(String name, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new GgufTensor(
        name,
        GgufType.F32,
        List.of((long) values.length),
        channel -> channel.write(bytes.duplicate()));
  }

  private Path written() {
    GgufWriter.write(
        folder, "model", metadata(), List.of(tensor("one", 1, 2, 3), tensor("two", 4)), 1000);
    return folder.resolve("model.gguf");
  }

  @Test
  void whatWasWrittenIsRead() {
    try (GgufFile file = GgufFile.open(written())) {
      Map<String, MetadataValue> expected = metadata();
      expected.put("a.real", MetadataValue.f32(1e-5f));
      assertThat(file.metadata()).isEqualTo(expected);
      assertThat(file.tensors().keySet()).containsExactly("one", "two");
      assertThat(file.tensors().values()).allMatch(stored -> stored.begin() % 32 == 0);
      assertThat(file.bytes(file.tensors().get("one"), 4, 8).getFloat()).isEqualTo(2);
    }
  }

  @Test
  void aLargeModelIsSplitIntoFilesThatNameEachOther() {
    List<WrittenFile> files =
        GgufWriter.write(
            folder,
            "model",
            metadata(),
            List.of(tensor("a", 1, 2), tensor("b", 3), tensor("c", 4, 5, 6, 7)),
            12);
    assertThat(files)
        .extracting(WrittenFile::name)
        .containsExactly("model-00001-of-00002.gguf", "model-00002-of-00002.gguf");
    List<GgufFile> opened =
        GgufFile.openAll(folder.resolve("model-00001-of-00002.gguf"), Links.OWN);
    assertThat(opened.get(0).tensors()).containsOnlyKeys("a", "b");
    assertThat(opened.get(1).tensors()).containsOnlyKeys("c");
    assertThat(opened.get(1).metadata())
        .containsOnly(
            Map.entry("split.no", MetadataValue.u16(1)),
            Map.entry("split.count", MetadataValue.u16(2)),
            Map.entry("split.tensors.count", MetadataValue.i32(3)));
    opened.forEach(GgufFile::close);
  }

  @Test
  void aTensorOfOtherBytesThanItsShapeIsRefused() {
    GgufTensor wrong =
        new GgufTensor("w", GgufType.F32, List.of(2L), to -> to.write(ByteBuffer.allocate(4)));
    assertThatThrownBy(() -> GgufWriter.write(folder, "m", Map.of(), List.of(wrong), 100))
        .hasMessage("w takes 8 bytes but 4 were given");
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 4, 8, 16, 20, 24, 40, 100, 200, 300})
  void aFileCutShortIsRefused(int length) throws IOException {
    byte[] whole = Files.readAllBytes(written());
    Path cut = folder.resolve("cut.gguf");
    Files.write(cut, java.util.Arrays.copyOf(whole, Math.min(length, whole.length - 40)));
    assertThatThrownBy(() -> GgufFile.open(cut))
        .isInstanceOf(GgufException.class)
        .hasMessageStartingWith("cut.gguf ");
  }

  @Test
  void aCountThatNoFileCanHoldIsRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(written());
    bytes[14] = 1;
    Path wrong = folder.resolve("wrong.gguf");
    Files.write(wrong, bytes);
    assertThatThrownBy(() -> GgufFile.open(wrong))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("wrong.gguf announces ");
  }
}
