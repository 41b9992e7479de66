package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.run.ResultReader.Tensor;

/** Reads the tensor infos of GGUF files, version 3, from ggml's gguf.md and ggml.h alone. */
final class GgufReader {

  /** A type of ggml.h: elements and bytes of a block. */
  private record Type(String name, int elements, int bytes) {}

  private static final Map<Integer, Type> TYPES =
      Map.ofEntries(
          Map.entry(0, new Type("F32", 1, 4)),
          Map.entry(1, new Type("F16", 1, 2)),
          Map.entry(2, new Type("Q4_0", 32, 18)),
          Map.entry(3, new Type("Q4_1", 32, 20)),
          Map.entry(6, new Type("Q5_0", 32, 22)),
          Map.entry(7, new Type("Q5_1", 32, 24)),
          Map.entry(8, new Type("Q8_0", 32, 34)),
          Map.entry(10, new Type("Q2_K", 256, 84)),
          Map.entry(11, new Type("Q3_K", 256, 110)),
          Map.entry(12, new Type("Q4_K", 256, 144)),
          Map.entry(13, new Type("Q5_K", 256, 176)),
          Map.entry(14, new Type("Q6_K", 256, 210)),
          Map.entry(20, new Type("IQ4_NL", 32, 18)),
          Map.entry(30, new Type("BF16", 1, 2)),
          Map.entry(39, new Type("MXFP4", 32, 17)),
          Map.entry(40, new Type("NVFP4", 64, 36)));

  private static final int ALIGNMENT = 32;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private final ByteBuffer file;

  private GgufReader(ByteBuffer file) {
    this.file = file;
  }

  static boolean isModel(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".gguf") && !name.equals("imatrix.gguf");
  }

  /** Whether a weight of that type is quantized. */
  static boolean isQuantized(Tensor tensor) {
    return type(tensor.dtype()).elements() > 1;
  }

  private static Type type(String name) {
    return TYPES.values().stream().filter(it -> it.name().equals(name)).findFirst().orElseThrow();
  }

  static Map<String, Tensor> tensors(Path path) throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    return new GgufReader(file).tensors();
  }

  private Map<String, Tensor> tensors() {
    assertThat(file.getInt()).isEqualTo(0x46554747);
    assertThat(file.getInt()).isEqualTo(3);
    long count = file.getLong();
    for (long left = file.getLong(); left > 0; left--) {
      string();
      skip(file.getInt());
    }
    Map<String, Tensor> tensors = new TreeMap<>();
    long end = 0;
    for (long i = 0; i < count; i++) {
      String name = string();
      List<Long> shape = new ArrayList<>();
      for (int left = file.getInt(); left > 0; left--) {
        shape.add(file.getLong());
      }
      Collections.reverse(shape);
      Type type = TYPES.get(file.getInt());
      long elements = shape.stream().reduce(1L, (a, b) -> a * b);
      long bytes = elements / type.elements() * type.bytes();
      assertThat(file.getLong()).as(name).isEqualTo(end);
      end += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      tensors.put(name, new Tensor(type.name(), shape, bytes));
    }
    int begin = (file.position() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    assertThat((long) file.limit() - begin).isBetween(end - ALIGNMENT, end);
    return tensors;
  }

  private void skip(int type) {
    if (type == STRING) {
      string();
    } else if (type == ARRAY) {
      int element = file.getInt();
      for (long left = file.getLong(); left > 0; left--) {
        skip(element);
      }
    } else {
      file.position(file.position() + SIZES[type]);
    }
  }

  private String string() {
    byte[] text = new byte[Math.toIntExact(file.getLong())];
    file.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
