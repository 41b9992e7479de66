package org.alphaquant.scheme.plan;

import static org.alphaquant.scheme.plan.ModuleRule.error;
import static org.alphaquant.scheme.plan.ModuleRule.warning;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.PACK_QUANTIZED;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.compressedtensors.CompressionFormat;
import org.alphaquant.storage.formats.StorageFormats;

/**
 * What SGLang serves ({@code python/sglang/srt/layers/quantization}, snapshots of 2026). Its reader
 * of compressed-tensors was adapted from vLLM's.
 */
final class SglangRules {
  private SglangRules() {}

  static List<ServingRule> of(ServedCheckpoint checkpoint) {
    MixedUnitRule mixed = new MixedUnitRule("SGLang");
    if (checkpoint.is(StorageFormats.COMPRESSED_TENSORS)) {
      return List.of(
          mixed,
          VllmRules.ROUTER,
          VllmRules.EMBEDDING,
          BITS,
          EXPERT_ZERO_POINTS,
          SglangRules::globalFormat);
    }
    return checkpoint.is(StorageFormats.GPTQ)
        ? List.of(mixed, VllmRules.ROUTER, VllmRules.EMBEDDING, GPTQ_FEW_BITS)
        : List.of(new UnreadFormatRule("SGLang"));
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

  private static final ModuleRule GPTQ_FEW_BITS =
      warning(
          "slow-gptq-bits",
          "SGLang's fast GPTQ kernels take int4 and int8 only",
          module -> module.scheme().format().bits() != 4 && module.scheme().format().bits() != 8);

  /** compressed_tensors_wNa16_moe.py asks for pack-quantized as the one format of the whole. */
  private static Optional<Problem> globalFormat(ServedCheckpoint checkpoint) {
    Set<CompressionFormat> formats =
        checkpoint
            .quantized()
            .flatMap(module -> CompressionFormat.of(module.scheme()).stream())
            .collect(java.util.stream.Collectors.toSet());
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
