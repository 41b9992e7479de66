package org.alphaquant.scheme.plan;

import static org.alphaquant.scheme.plan.ModuleRule.error;
import static org.alphaquant.scheme.plan.ModuleRule.warning;
import static org.alphaquant.storage.CompressedTensorsFormat.PACK_QUANTIZED;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.scheme.Finding;
import org.alphaquant.storage.CompressedTensorsFormat;

/**
 * What SGLang serves ({@code python/sglang/srt/layers/quantization}, snapshots of 2026). Its reader
 * of compressed-tensors was adapted from vLLM's.
 */
final class SglangRules {
  private SglangRules() {}

  static List<ServingRule> of(ServedCheckpoint checkpoint) {
    MixedUnitRule mixed = new MixedUnitRule("SGLang");
    return switch (checkpoint.format()) {
      case COMPRESSED_TENSORS ->
          List.of(mixed, VllmRules.ROUTER, BITS, EXPERT_ZERO_POINTS, SglangRules::globalFormat);
      case GPTQ -> List.of(mixed, VllmRules.ROUTER, GPTQ_FEW_BITS);
      case QUARK -> List.of(NO_QUARK);
      case DEQUANTIZED -> List.of();
    };
  }

  /** compressed_tensors/schemes/compressed_tensors_wNa16.py. */
  private static final ModuleRule BITS =
      error(
          "packed-bits",
          "SGLang unpacks int4 and int8 only",
          module -> module.is(PACK_QUANTIZED) && module.bits() != 4 && module.bits() != 8);

  /** compressed_tensors/schemes/compressed_tensors_wNa16_moe.py. */
  private static final ModuleRule EXPERT_ZERO_POINTS =
      error(
          "asymmetric-experts",
          "SGLang serves packed experts without zero points only",
          module -> module.isExpert() && module.is(PACK_QUANTIZED) && !module.scheme().symmetric());

  private static final ModuleRule GPTQ_FEW_BITS =
      warning(
          "slow-gptq-bits",
          "SGLang's fast GPTQ kernels take int4 and int8 only",
          module -> module.bits() != 4 && module.bits() != 8);

  private static final ModuleRule NO_QUARK =
      error("quark", "SGLang does not read MXFP6 from Quark's layout", module -> true);

  /** compressed_tensors_wNa16_moe.py asks for pack-quantized as the one format of the whole. */
  private static Optional<Finding> globalFormat(ServedCheckpoint checkpoint) {
    Set<CompressedTensorsFormat> formats =
        checkpoint
            .quantized()
            .flatMap(module -> CompressedTensorsFormat.of(module.scheme()).stream())
            .collect(java.util.stream.Collectors.toSet());
    boolean packedExperts = checkpoint.experts().anyMatch(module -> module.is(PACK_QUANTIZED));
    if (formats.size() < 2 || !packedExperts) {
      return Optional.empty();
    }
    String detail =
        "SGLang before mid-2026 serves packed experts only where everything is pack-quantized;"
            + " this checkpoint has %d formats".formatted(formats.size());
    return Optional.of(Finding.warning("mixed-precision", "", null, detail));
  }
}
