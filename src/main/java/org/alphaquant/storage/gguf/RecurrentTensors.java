package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * The tensors of layers that mix tokens by a recurrence: Mamba-2, the gated delta rule and Kimi's.
 * Decay rates are stored as they are, not as logarithms; matrices alone may be quantized.
 *
 * @param block prefix of the layer's tensors
 */
record RecurrentTensors(FamilyConfig config, String block) {

  private static final Pattern PART =
      Pattern.compile(
          ".*layers\\.\\d+\\.(?:(mamba|mixer|linear_attn)"
              + "\\.(A_log|D|dt_bias|conv1d\\.weight|conv1d\\.bias|norm\\.weight|in_proj\\.weight"
              + "|in_proj_qkvz\\.weight|in_proj_ba\\.weight|in_proj_qkv\\.weight|in_proj_z\\.weight"
              + "|in_proj_a\\.weight|in_proj_b\\.weight|out_proj\\.weight)"
              + "|self_attn\\.(A_log|dt_bias|[qkv]_conv1d\\.weight))");

  /** What becomes of one of the model's tensors; empty where it is none of these. */
  List<EngineTensor> of(String name, List<Long> shape) {
    Matcher part = PART.matcher(name);
    if (!part.matches()) {
      return List.of();
    }
    if (part.group(1) == null) {
      return List.of(ofKimi(part.group(3), name, shape));
    }
    boolean delta = part.group(1).equals("linear_attn");
    if (delta && config.model().family().startsWith("qwen3_5")) {
      return List.of(new TiledHeads(config, block).of(part.group(2), name, shape));
    }
    return switch (part.group(2)) {
      case "A_log" ->
          List.of(vector("ssm_a", name, column(shape, delta), Change.NEGATIVE_EXPONENTIAL));
      case "D" -> List.of(vector("ssm_d", name, column(shape, delta), Change.NONE));
      case "dt_bias" -> List.of(vector("ssm_dt.bias", name, shape, Change.NONE));
      case "conv1d.bias" -> List.of(vector("ssm_conv1d.bias", name, shape, Change.NONE));
      case "conv1d.weight" ->
          List.of(
              vector("ssm_conv1d.weight", name, List.of(shape.get(0), shape.get(2)), Change.NONE));
      case "norm.weight" ->
          List.of(vector("ssm_norm.weight", name, norm(shape, delta), Change.NONE));
      case "in_proj.weight" -> List.of(matrix("ssm_in.weight", name, shape));
      case "in_proj_ba.weight" -> List.of(matrix("ssm_ba.weight", name, shape));
      case "out_proj.weight" -> List.of(matrix("ssm_out.weight", name, shape));
      default -> projections(name, shape);
    };
  }

  private EngineTensor ofKimi(String own, String name, List<Long> shape) {
    return switch (own) {
      case "A_log" -> vector("ssm_a", name, List.of(shape.get(2), 1L), Change.NEGATIVE_EXPONENTIAL);
      case "dt_bias" -> vector("ssm_dt.bias", name, shape, Change.NONE);
      default -> vector("ssm_conv1d_" + own.charAt(0) + ".weight", name, shape, Change.NONE);
    };
  }

  private EngineTensor vector(String own, String name, List<Long> shape, Change change) {
    return new EngineTensor(
        block + own, shape, List.of(new Rows(name, null, false, change)), false);
  }

  private EngineTensor matrix(String own, String name, List<Long> shape) {
    return new EngineTensor(block + own, shape, List.of(Rows.all(name)), true);
  }

  private static List<Long> column(List<Long> shape, boolean delta) {
    return delta ? shape : List.of(shape.get(0), 1L);
  }

  // Mamba-2 divides by the root of each group's mean square.
  private List<Long> norm(List<Long> shape, boolean delta) {
    long groups = config.integer(1, "n_groups", "mamba_n_groups");
    return delta ? shape : List.of(groups, shape.get(0) / groups);
  }

  // The model keeps each key head's queries, keys, values and gates together, the engine all
  // queries, all keys and all values, and the gates by themselves.
  private List<EngineTensor> projections(String name, List<Long> shape) {
    int heads = (int) config.integer(1, "linear_num_key_heads");
    int together = Math.toIntExact(shape.get(0)) / heads;
    int key = (int) config.integer(1, "linear_key_head_dim");
    int value = together / 2 - key;
    int[] mixed =
        IntStream.of(0, key, 2 * key)
            .flatMap(
                first ->
                    IntStream.of(
                        RotaryRows.slices(
                            heads, together, first, first + (first == 2 * key ? value : key))))
            .toArray();
    int[] gates = RotaryRows.slices(heads, together, 2 * key + value, together);
    return List.of(
        rows("attn_qkv.weight", name, mixed, shape.get(1)),
        rows("attn_gate.weight", name, gates, shape.get(1)));
  }

  private EngineTensor rows(String own, String name, int[] rows, long inputs) {
    return new EngineTensor(
        block + own,
        List.of((long) rows.length, inputs),
        List.of(new Rows(name, rows, false)),
        true);
  }
}
