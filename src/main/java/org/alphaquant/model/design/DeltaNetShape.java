package org.alphaquant.model.design;

import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;

/**
 * Sizes of a gated delta net.
 *
 * @param keyHeads heads of queries and keys
 * @param valueHeads heads of values, a multiple of {@code keyHeads}
 * @param kernel latest values that the convolution sees
 */
public record DeltaNetShape(
    long keyHeads, long valueHeads, long keyWidth, long valueWidth, long kernel) {

  public DeltaNetShape {
    if (valueHeads % keyHeads != 0) {
      throw ModelException.config(
          "linear_num_key_heads", "is " + keyHeads + ", which does not divide " + valueHeads);
    }
  }

  /**
   * Reads the usual keys.
   *
   * @param valueHeads default of {@code linear_num_value_heads}
   */
  public static DeltaNetShape read(ModelConfig config, long valueHeads) {
    return new DeltaNetShape(
        config.positive("linear_num_key_heads", 16),
        config.positive("linear_num_value_heads", valueHeads),
        config.positive("linear_key_head_dim", 128),
        config.positive("linear_value_head_dim", 128),
        config.positive("linear_conv_kernel_dim", 4));
  }

  long keys() {
    return keyHeads * keyWidth;
  }

  long values() {
    return valueHeads * valueWidth;
  }
}
