package org.alphaquant.model.design;

import java.util.OptionalLong;
import org.alphaquant.architecture.ModelConfig;

/**
 * Sizes of latent attention.
 *
 * @param queryRank width of the compressed query, empty for a plain projection
 * @param rank width of the latent that keys and values are projected from
 * @param plain unrotated dimensions of a head's query and key
 * @param rotated rotated dimensions
 * @param value dimensions of a head's value
 */
public record LatentShape(
    long heads, OptionalLong queryRank, long rank, long plain, long rotated, long value) {

  private static final String QUERY_RANK = "q_lora_rank";

  /** What missing keys mean in DeepSeek-V2 and V3. */
  public static final LatentShape DEEPSEEK = whenMissing(OptionalLong.of(1536), 512, 128, 64, 128);

  /** What a family's missing keys mean; it has no default of heads. */
  public static LatentShape whenMissing(
      OptionalLong queryRank, long rank, long plain, long rotated, long value) {
    return new LatentShape(0, queryRank, rank, plain, rotated, value);
  }

  /** {@code head_dim} and {@code num_key_value_heads} play no role here. */
  public static LatentShape read(ModelConfig config, LatentShape whenMissing) {
    return new LatentShape(
        config.positive("num_attention_heads"),
        queryRank(config, whenMissing.queryRank),
        config.positive("kv_lora_rank", whenMissing.rank),
        config.positive("qk_nope_head_dim", whenMissing.plain),
        config.positive("qk_rope_head_dim", whenMissing.rotated),
        config.positive("v_head_dim", whenMissing.value));
  }

  private static OptionalLong queryRank(ModelConfig config, OptionalLong whenMissing) {
    if (!config.missing(QUERY_RANK)) {
      return config.positiveOrNull(QUERY_RANK);
    }
    whenMissing.ifPresent(rank -> config.missingMeans(QUERY_RANK, rank));
    return whenMissing;
  }
}
