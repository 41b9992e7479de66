package org.alphaquant.scheme;

import java.util.Collection;
import java.util.List;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.format.NumberFormat;
import tools.jackson.databind.JsonNode;

/**
 * How each module of a model is quantized.
 *
 * <pre>{@code
 * {"default": {"wq": "int4", "aq": "bf16", "group_size": 128, "symmetric": true},
 *  "overrides": [{"pattern": "*.self_attn.*", "wq": "int8"}, {"pattern": "*.mlp.gate", "skip": true}]}
 * }</pre>
 *
 * <p>A module starts with the default's fields. Every override whose pattern matches its name is
 * applied in order, and sets only the fields that it has, so that later overrides win field by
 * field. Fields that none sets are {@code wq} int4, {@code aq} bf16, symmetric, and the format's
 * own group size: 128 for integers and for fp4 and fp6, a whole row for fp8.
 *
 * <p>MX and NVFP4 formats have a scale for each block of 32 or 16 whatever the group size; a group
 * size that is not a multiple of the block is an error.
 *
 * <p>Routers, shared-expert gates, the head, norms and embeddings stay as they are unless an
 * override <em>names</em> them with a {@code wq}: an override names them when every module that its
 * pattern matches is of these kinds. {@code *.mlp.gate} names routers; {@code *} and {@code
 * *.mlp.*} do not, although they match them. Naming a router, the head or an embedding gives a
 * warning, as few engines read those quantized, and naming a norm is an error, as no format stores
 * it.
 *
 * @param defaults fields of every module
 * @param overrides in the order in which they apply
 * @param keyValueCache format of the engines' cache of keys and values, {@code kv_cache}: {@code
 *     fp8}, for which the result holds calibrated scales, or {@code bf16}, unquantized
 */
public record QuantizationConfig(
    SchemeFields defaults, List<SchemeOverride> overrides, NumberFormat keyValueCache) {

  /** int4 in groups of 128, the default configuration. */
  public static final QuantizationConfig DEFAULT =
      new QuantizationConfig(SchemeFields.OPEN, List.of(), NumberFormat.BF16);

  public QuantizationConfig {
    overrides = List.copyOf(overrides);
  }

  /**
   * Reads a configuration; null, missing and JSON null mean {@link #DEFAULT}.
   *
   * @throws InvalidConfigException with every mistake that can be found without the model
   */
  public static QuantizationConfig parse(JsonNode config) {
    return new ConfigReader().read(config);
  }

  /** Applies the configuration to a model; mistakes are among the resolution's findings. */
  public Resolution resolve(Collection<ModuleDescription> modules) {
    return new Resolver(this, List.copyOf(modules)).resolve();
  }
}
