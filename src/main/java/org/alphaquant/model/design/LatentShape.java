package org.alphaquant.model.design;

import java.util.OptionalLong;
import org.alphaquant.architecture.ModelConfig;

/**
 * Sizes of latent attention.
 *
 * @param queryRank width of the compressed query, empty for a plain projection
 * @param rank width of the latent that keys and values are projected from @param plain unrotated
 *     dimensions of a head's query and key @param rotated rotated dimensions
 * @param value dimensions of a head's value
 */
public record LatentShape(
    long heads, OptionalLong queryRank, long rank, long plain, long rotated, long value) {

  /** The same with a plain projection of queries. */
  public LatentShape uncompressed() {
    return new LatentShape(heads, OptionalLong.empty(), rank, plain, rotated, value);
  }

  /** {@code head_dim} and {@code num_key_value_heads} play no role here. */
  public static LatentShape read(ModelConfig config) {
    boolean missing = config.missing("q_lora_rank");
    return new LatentShape(
        config.positive("num_attention_heads"),
        missing ? OptionalLong.of(1536) : config.positiveOrNull("q_lora_rank"),
        config.positive("kv_lora_rank", 512),
        config.positive("qk_nope_head_dim", 128),
        config.positive("qk_rope_head_dim", 64),
        config.positive("v_head_dim", 128));
  }
}
