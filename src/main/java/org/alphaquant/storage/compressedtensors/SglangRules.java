package org.alphaquant.storage.compressedtensors;

import static org.alphaquant.storage.compressedtensors.CompressionFormat.FLOAT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.INT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.NAIVE_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.PACK_QUANTIZED;
import static org.alphaquant.storage.serving.ModuleRule.error;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.serving.CommonRules;
import org.alphaquant.storage.serving.FamilyRules;
import org.alphaquant.storage.serving.FusedFamilies;
import org.alphaquant.storage.serving.MixedUnitRule;
import org.alphaquant.storage.serving.ModuleRule;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.ServingRule;

/**
 * What SGLang serves ({@code python/sglang/srt/layers/quantization}, snapshots of 2026). Its reader
 * of compressed-tensors was adapted from vLLM's.
 */
final class SglangRules {
  private SglangRules() {}

  static List<ServingRule> all() {
    List<ServingRule> rules = new ArrayList<>(FusedFamilies.SGLANG);
    rules.addAll(
        List.<ServingRule>of(
            new MixedUnitRule("SGLang"),
            CommonRules.ROUTER,
            CommonRules.EMBEDDING,
            BITS,
            EXPERT_ZERO_POINTS,
            LATENT,
            FamilyRules.SGLANG_KIMI_LATENT,
            FamilyRules.SGLANG_ROTARY,
            FamilyRules.SGLANG_NAMES,
            SglangRules::globalFormat));
    return List.copyOf(rules);
  }

  /** compressed_tensors/schemes/compressed_tensors_wNa16.py. */
  private static final ModuleRule BITS =
      error(
          "packed-bits",
          "SGLang unpacks int4 and int8 only",
          module ->
              PACK_QUANTIZED.holds(module.scheme())
                  && module.scheme().format().bits() != 4
                  && module.scheme().format().bits() != 8);

  /** compressed_tensors/schemes/compressed_tensors_wNa16_moe.py. */
  private static final ModuleRule EXPERT_ZERO_POINTS =
      error(
          "asymmetric-experts",
          "SGLang serves packed experts without zero points only",
          module ->
              module.isExpert()
                  && PACK_QUANTIZED.holds(module.scheme())
                  && !module.scheme().symmetric());

  /** Codes in bytes with a scale a row have a weight to take apart, packed ones have none. */
  private static final ModuleRule LATENT =
      FamilyRules.latent(
          "SGLang takes its weight apart, which it cannot where it is packed",
          module ->
              !INT_QUANTIZED.holds(module.scheme())
                  && !FLOAT_QUANTIZED.holds(module.scheme())
                  && !NAIVE_QUANTIZED.holds(module.scheme()));

  /**
   * compressed_tensors_wNa16_moe.py requires pack-quantized as the format of the whole checkpoint.
   */
  private static Optional<Problem> globalFormat(ServedCheckpoint checkpoint) {
    Set<CompressionFormat> formats =
        checkpoint
            .quantized()
            .flatMap(module -> CompressionFormat.of(module.scheme()).stream())
            .collect(Collectors.toSet());
    boolean packedExperts =
        checkpoint.experts().anyMatch(module -> PACK_QUANTIZED.holds(module.scheme()));
    if (formats.size() < 2 || !packedExperts) {
      return Optional.empty();
    }
    String detail =
        "SGLang before mid-2026 serves packed experts only where everything is pack-quantized;"
            + " this checkpoint has %d formats".formatted(formats.size());
    return Optional.of(Problem.warning("mixed-precision", "", null, detail));
  }
}
