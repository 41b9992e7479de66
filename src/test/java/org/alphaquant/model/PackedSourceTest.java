package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packed integers of compressed-tensors with zero points and columns in another order. */
class PackedSourceTest extends CodedSources {

  private static final String CONFIG =
      """
      {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"group_0":
        {"targets": ["Linear"], "weights": {"num_bits": %d, "type": "int", "strategy": "group",
         "group_size": 16, "symmetric": false, "actorder": "group"}}}}
      """;
  private static final int GROUP = 16;

  /**
   * Zero points are packed down the rows, one byte each, or none; columns are in order, in an order
   * of their own, or have an index that was never set.
   */
  @ParameterizedTest
  @CsvSource({
    "4, packed, ordered",
    "4, none, ordered",
    "8, bytes, plain",
    "3, packed, ordered",
    "5, packed, unset"
  })
  void itsPlainValuesAreRead(int bits, String zero, String order) throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint packed = EditedCheckpoint.of(original);
      EditedCheckpoint plain = EditedCheckpoint.of(original);
      packed.set("quantization_config", CONFIG.formatted(bits));
      Random random = new Random(7);
      for (ModuleDescription linear : ModelFamilies.describe(original, null).linears()) {
        if (linear.kind() != ModuleKind.HEAD && linear.kind() != ModuleKind.ROUTER) {
          put(linear, bits, zero, order, random, packed, plain);
        }
      }
      assertSame(packed, plain, original.names());
    }
  }

  // One matrix as words, scales, zero points and index, and as the values that they mean.
  private static void put(
      ModuleDescription linear,
      int bits,
      String zero,
      String order,
      Random random,
      EditedCheckpoint packed,
      EditedCheckpoint plain) {
    int rows = Math.toIntExact(linear.outFeatures());
    int columns = Math.toIntExact(linear.inFeatures());
    int groups = columns / GROUP;
    int half = 1 << (bits - 1);
    int[][] codes = random(random, rows, columns, 2 * half);
    int[][] zeros = random(random, rows, groups, zero.equals("none") ? 1 : 2 * half);
    int[] group = groups(random, columns, groups, order.equals("ordered"));
    float[] scales = new float[rows * groups];
    float[] values = new float[rows * columns];
    for (int r = 0; r < rows; r++) {
      for (int g = 0; g < groups; g++) {
        scales[r * groups + g] = (0.5f + random.nextInt(64) / 64f) / (8 * half);
      }
      for (int c = 0; c < columns; c++) {
        int least = zero.equals("none") ? half : zeros[r][group[c]];
        values[r * columns + c] = (codes[r][c] - least) * scales[r * groups + group[c]];
      }
    }
    String name = linear.name() + ".weight";
    packed.drop(name).put(words(name + "_packed", codes, bits));
    packed.put(name + "_scale", scales, (long) rows, (long) groups);
    packed.put(longs(name + "_shape", rows, columns));
    if (!zero.equals("none")) {
      packed.put(zeros(name + "_zero_point", zeros, bits, zero.equals("packed")));
    }
    if (!order.equals("plain")) {
      packed.put(ints(name + "_g_idx", order.equals("unset") ? unset(columns) : group));
    }
    plain.put(name, values, (long) rows, (long) columns);
  }

  private static int[][] random(Random random, int rows, int columns, int bound) {
    int[][] all = new int[rows][];
    for (int r = 0; r < rows; r++) {
      all[r] = random.ints(columns, 0, bound).toArray();
    }
    return all;
  }

  private static int[] groups(Random random, int columns, int groups, boolean shuffled) {
    int[] group = new int[columns];
    for (int c = 0; c < columns; c++) {
      group[c] = c / (columns / groups);
    }
    for (int c = columns - 1; c > 0 && shuffled; c--) {
      int other = random.nextInt(c + 1);
      int kept = group[c];
      group[c] = group[other];
      group[other] = kept;
    }
    return group;
  }

  private static int[] unset(int columns) {
    int[] index = new int[columns];
    Arrays.fill(index, -1);
    return index;
  }

  // A row is one large number whose lowest bits are its first value.
  private static TensorSource words(String name, int[][] rows, int bits) {
    int words = (rows[0].length * bits + 31) / 32;
    ByteBuffer bytes = ByteBuffer.allocate(rows.length * words * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int[] row : rows) {
      BigInteger number = number(row, bits);
      for (int w = 0; w < words; w++) {
        bytes.putInt(number.shiftRight(32 * w).intValue());
      }
    }
    TensorInfo info = new TensorInfo(name, Dtype.I32, List.of((long) rows.length, (long) words));
    return TensorSource.of(info, bytes.flip());
  }

  private static BigInteger number(int[] values, int bits) {
    BigInteger number = BigInteger.ZERO;
    for (int i = values.length - 1; i >= 0; i--) {
      number = number.shiftLeft(bits).or(BigInteger.valueOf(values[i]));
    }
    return number;
  }

  private static TensorSource zeros(String name, int[][] zeros, int bits, boolean packed) {
    int rows = zeros.length;
    int groups = zeros[0].length;
    if (!packed) {
      ByteBuffer bytes = ByteBuffer.allocate(rows * groups);
      for (int[] row : zeros) {
        for (int code : row) {
          bytes.put((byte) (code - (1 << (bits - 1))));
        }
      }
      TensorInfo info = new TensorInfo(name, Dtype.I8, List.of((long) rows, (long) groups));
      return TensorSource.of(info, bytes.flip());
    }
    int words = (rows * bits + 31) / 32;
    ByteBuffer bytes = ByteBuffer.allocate(words * groups * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int g = 0; g < groups; g++) {
      int[] column = new int[rows];
      for (int r = 0; r < rows; r++) {
        column[r] = zeros[r][g];
      }
      BigInteger number = number(column, bits);
      for (int w = 0; w < words; w++) {
        bytes.putInt((w * groups + g) * 4, number.shiftRight(32 * w).intValue());
      }
    }
    TensorInfo info = new TensorInfo(name, Dtype.I32, List.of((long) words, (long) groups));
    return TensorSource.of(info, bytes);
  }

  private static TensorSource ints(String name, int[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return TensorSource.of(new TensorInfo(name, Dtype.I32, List.of((long) values.length)), bytes);
  }

  private static TensorSource longs(String name, long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return TensorSource.of(new TensorInfo(name, Dtype.I64, List.of((long) values.length)), bytes);
  }

  @Test
  void partsThatDoNotFitAreRefusedByName() throws IOException {
    String name = "model.layers.0.self_attn.o_proj.weight";
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.set("quantization_config", CONFIG.formatted(4)).drop(name);
      edited.put(words(name + "_packed", new int[64][64], 4)).put(longs(name + "_shape", 64, 64));
      edited.put(name + "_scale", new float[64 * 4], 64L, 4L);
      edited.put(ints(name + "_zero_point", new int[8 * 3]));
      assertRefused(edited.write(folder), name + "_zero_point is I32 [24] but must be I32 [8, 4]");
      edited.drop(name + "_zero_point").put(ints(name + "_g_idx", new int[63]));
      assertRefused(edited.write(folder), name + "_g_idx is I32 [63] but must be I32 [64]");
      int[] outside = new int[64];
      outside[5] = 4;
      edited.put(ints(name + "_g_idx", outside));
      try (Checkpoint checkpoint = Checkpoint.open(edited.write(folder))) {
        assertThatThrownBy(() -> logits(checkpoint))
            .isInstanceOf(ModelException.class)
            .hasMessageContaining(name + " puts input 5 into group 4; there are 4");
      }
      edited.put(words(name + "_packed", new int[64][52], 4)).drop(name + "_g_idx");
      assertRefused(edited.write(folder), name + "_packed has shape [64, 7] for 64 inputs");
    }
  }
}
