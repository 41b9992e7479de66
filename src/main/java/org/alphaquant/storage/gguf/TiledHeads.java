package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * The gated delta net of Qwen3.5: the model keeps the value heads of a key head together, the
 * engine the first of every key head, then the second of every one, and so on.
 *
 * @param block prefix of the layer's tensors
 */
record TiledHeads(FamilyConfig config, String block) {

  /** What becomes of one of the model's tensors, {@code part} within {@code linear_attn}. */
  EngineTensor of(String part, String name, List<Long> shape) {
    int rows = Math.toIntExact(shape.get(0));
    return switch (part) {
      case "A_log" ->
          tensor("ssm_a", name, shape, rows(name, 0, rows, Change.NEGATIVE_EXPONENTIAL));
      case "dt_bias" -> tensor("ssm_dt.bias", name, shape, rows(name, 0, rows, Change.NONE));
      case "in_proj_a.weight" ->
          tensor("ssm_alpha.weight", name, shape, rows(name, 0, rows, Change.NONE));
      case "in_proj_b.weight" ->
          tensor("ssm_beta.weight", name, shape, rows(name, 0, rows, Change.NONE));
      case "in_proj_z.weight" ->
          tensor("attn_gate.weight", name, shape, rows(name, 0, rows, Change.NONE));
      case "in_proj_qkv.weight" ->
          tensor("attn_qkv.weight", name, shape, rows(name, keys(), rows, Change.NONE));
      case "conv1d.weight" ->
          tensor(
              "ssm_conv1d.weight",
              name,
              List.of(shape.get(0), shape.get(2)),
              rows(name, keys(), rows, Change.NONE));
      case "out_proj.weight" ->
          tensor("ssm_out.weight", name, shape, new Rows(name, null, false, Change.NONE, order()));
      default -> tensor("ssm_norm.weight", name, shape, Rows.all(name));
    };
  }

  private EngineTensor tensor(String own, String name, List<Long> shape, Rows rows) {
    boolean matrix = shape.size() == 2 && !own.startsWith("ssm_conv1d");
    return new EngineTensor(block + own, shape, List.of(rows), matrix);
  }

  // Queries and keys, which come first, stay.
  private Rows rows(String name, int first, int rows, Change change) {
    int[] heads = order();
    int size = (rows - first) / heads.length;
    int[] order =
        IntStream.range(0, rows)
            .map(i -> i < first ? i : first + heads[(i - first) / size] * size + (i - first) % size)
            .toArray();
    return new Rows(name, order, false, change);
  }

  private int keys() {
    return (int) (2 * keyHeads() * config.integer(128, "linear_key_head_dim"));
  }

  private long keyHeads() {
    return config.integer(16, "linear_num_key_heads");
  }

  private int[] order() {
    int keyHeads = (int) keyHeads();
    int valueHeads = (int) config.integer(32, "linear_num_value_heads");
    int each = valueHeads / keyHeads;
    return IntStream.range(0, valueHeads).map(i -> i % keyHeads * each + i / keyHeads).toArray();
  }
}
