package org.alphaquant.model.design;

import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;

/**
 * Query heads, key and value heads, and the dimension of each.
 *
 * @param dimension of a query and of a key
 * @param valueDimension of a value; the same in most families
 */
public record HeadShape(long heads, long keyHeads, long dimension, long valueDimension) {

  /** With values as wide as keys. */
  public HeadShape(long heads, long keyHeads, long dimension) {
    this(heads, keyHeads, dimension, dimension);
  }

  public HeadShape {
    if (heads % keyHeads != 0) {
      throw ModelException.config(
          "num_key_value_heads", "is " + keyHeads + ", which does not divide " + heads + " heads");
    }
  }

  /** Width of all heads' outputs side by side. */
  long attended() {
    return heads * valueDimension;
  }

  /**
   * Reads the usual keys. A null {@code num_key_value_heads} or {@code head_dim} means one key head
   * per head, and hidden_size / heads.
   *
   * @param keyHeads default of {@code num_key_value_heads}, 0 for one per head
   * @param dimension default of {@code head_dim}, 0 for hidden_size / heads
   */
  public static HeadShape read(ModelConfig config, long keyHeads, long dimension) {
    long heads = config.positive("num_attention_heads");
    long missingKeyHeads = keyHeads == 0 ? heads : keyHeads;
    long readKeyHeads =
        config.missing("num_key_value_heads")
            ? config.missingMeans("num_key_value_heads", missingKeyHeads)
            : config.positiveOrNull("num_key_value_heads").orElse(heads);
    if (config.missing("head_dim") && dimension > 0) {
      return new HeadShape(heads, readKeyHeads, config.missingMeans("head_dim", dimension));
    }
    long readDimension =
        config.positiveOrNull("head_dim").orElseGet(() -> dividedHidden(config, heads));
    return new HeadShape(heads, readKeyHeads, readDimension);
  }

  /** hidden_size / heads. */
  public static long dividedHidden(ModelConfig config, long heads) {
    long hidden = config.positive("hidden_size");
    if (hidden % heads != 0) {
      throw config.wrong(
          "num_attention_heads", "is " + heads + ", which does not divide hidden_size " + hidden);
    }
    return hidden / heads;
  }
}
