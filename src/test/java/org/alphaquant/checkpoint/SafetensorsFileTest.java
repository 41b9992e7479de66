package org.alphaquant.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {

  @TempDir Path folder;

  @Test
  void aFileMadeByHandIsRead() throws IOException {
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + MadeFile.tensor("é", "I32", "[2]", 0, 8)
            + ",\"s\":{\"shape\":[],\"extra\":{\"x\":[1]},\"data_offsets\":[8,10],\"dtype\":\"BF16\"},"
            + MadeFile.tensor("none", "F32", "[3,0]", 10, 10)
            + "}   ";
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    byte[] data = HexFormat.of().parseHex("10325476ffffffff803f");
    Path path = MadeFile.write(folder.resolve("a.safetensors"), json.length, json, data);

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.names()).containsExactly("é", "s", "none");
      assertThat(file.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(file.info("é")).isEqualTo(new TensorInfo("é", Dtype.I32, List.of(2L)));
      assertThat(file.info("s").elements()).isOne();
      assertThat(file.info("none").bytes()).isZero();
      assertThat(file.bytes("none")).isEmpty();
      ByteBuffer values = file.bytes("é").get(0);
      assertThat(values.getInt()).isEqualTo(1985229328);
      assertThat(values.getInt()).isEqualTo(-1);
      assertThat(file.bytes("s").get(0).getShort()).isEqualTo((short) 0x3f80);
    }
  }

  @Test
  void aTensorLargerThanTwoGigabytesComesInSlices() throws IOException {
    long length = (5L << 30) / 2;
    String header =
        "{"
            + MadeFile.tensor("small", "U8", "[3]", 0, 3)
            + ","
            + MadeFile.tensor("huge", "F16", "[" + length / 2 + "]", 3, 3 + length)
            + ","
            + MadeFile.tensor("last", "U8", "[1]", 3 + length, 4 + length)
            + "}";
    Path path = MadeFile.write(folder.resolve("huge.safetensors"), header, 0);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      long data = sparse.length();
      sparse.setLength(data + 4 + length);
      for (long at : new long[] {0, 1L << 30, (2L << 30) - 2, length - 2}) {
        sparse.seek(data + 3 + at);
        sparse.write(new byte[] {(byte) (at >>> 24), 7});
      }
      sparse.write(9);
    }

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      List<ByteBuffer> slices = file.bytes("huge");
      assertThat(slices)
          .extracting(ByteBuffer::remaining)
          .containsExactly(1 << 30, 1 << 30, 1 << 29);
      assertThat(slices).allMatch(slice -> slice.order() == ByteOrder.LITTLE_ENDIAN);
      assertThat(slices.get(0).getShort(0)).isEqualTo((short) 0x0700);
      assertThat(slices.get(1).getShort(0)).isEqualTo((short) 0x0740);
      assertThat(slices.get(1).getShort((1 << 30) - 2)).isEqualTo((short) 0x077f);
      assertThat(slices.get(2).getShort((1 << 29) - 2)).isEqualTo((short) 0x079f);
      assertThat(file.bytes("last").get(0).get(0)).isEqualTo((byte) 9);
    }
  }

  @Test
  void slicesCannotChangeTheFile() throws IOException {
    try (SafetensorsFile file =
        SafetensorsFile.open(MadeFile.withTensors(folder.resolve("a.safetensors"), "a"))) {
      ByteBuffer bytes = file.bytes("a").get(0);
      assertThatThrownBy(() -> bytes.put(0, (byte) 1)).isInstanceOf(ReadOnlyBufferException.class);
    }
  }

  @Test
  void anUnknownTensorIsNamed() throws IOException {
    try (SafetensorsFile file =
        SafetensorsFile.open(MadeFile.withTensors(folder.resolve("a.safetensors"), "a"))) {
      assertThatThrownBy(() -> file.info("model.norm.weight"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("a.safetensors: has no tensor 'model.norm.weight'");
    }
  }

  @Test
  void anEmptyFileOfTheFormatHoldsNothing() throws IOException {
    Path path = MadeFile.write(folder.resolve("empty.safetensors"), "{}", 0);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.names()).isEmpty();
    }
  }
}
