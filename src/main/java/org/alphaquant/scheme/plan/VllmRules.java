package org.alphaquant.scheme.plan;

import static org.alphaquant.scheme.plan.ModuleRule.error;
import static org.alphaquant.scheme.plan.ModuleRule.note;
import static org.alphaquant.scheme.plan.ModuleRule.warning;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.FLOAT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.INT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.MXFP4_PACK_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.NAIVE_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.NVFP4_PACK_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.PACK_QUANTIZED;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.formats.StorageFormats;

/**
 * What vLLM serves, as its source of August 2026 has it (commit 2f41c894e320, {@code
 * vllm/model_executor/layers}); each rule names the file that it was read from.
 */
final class VllmRules {
  private static final Set<Integer> MARLIN_GROUPS = Set.of(-1, 32, 64, 128);

  private VllmRules() {}

  static List<ServingRule> of(ServedCheckpoint checkpoint) {
    if (checkpoint.is(StorageFormats.COMPRESSED_TENSORS)) {
      return compressedTensors(checkpoint.hidden());
    }
    if (checkpoint.is(StorageFormats.GPTQ)) {
      return gptq(checkpoint.hidden());
    }
    return checkpoint.is(StorageFormats.QUARK)
        ? List.of(new MixedUnitRule("vLLM"), ROUTER, EMBEDDING, HEAD, MXFP6)
        : List.of(new UnreadFormatRule("vLLM"));
  }

  private static List<ServingRule> compressedTensors(long hidden) {
    return List.of(
        new MixedUnitRule("vLLM"),
        ROUTER,
        EMBEDDING,
        EXPERT_GROUP,
        expertWidth(hidden),
        EXPERT_FP8_WEIGHT_ONLY,
        EXPERT_INT8_ASYMMETRIC,
        ASYMMETRIC_BITS,
        EXPERT_ROWS_OF_FEW_BITS,
        FP8_GROUPS,
        FEW_BITS,
        DENSE_PACKING,
        DENSE_GROUP,
        INT4_WITH_INT8_INPUTS,
        HEAD,
        FP8_HARDWARE,
        FP4_HARDWARE);
  }

  private static List<ServingRule> gptq(long hidden) {
    return List.of(
        new MixedUnitRule("vLLM"),
        ROUTER,
        EMBEDDING,
        GPTQ_BITS,
        new GptqExpertGroupRule(),
        EXPERT_GROUP,
        expertWidth(hidden),
        HEAD);
  }

  /** Routers are built without quantization (models/olmoe.py, mixtral.py, qwen2_moe.py). */
  static final ModuleRule ROUTER =
      error(
          "router-quantized",
          "the engine reads routers and shared-expert gates unquantized",
          module ->
              module.kind() == ModuleKind.ROUTER || module.kind() == ModuleKind.SHARED_EXPERT_GATE);

  /** vocab_parallel_embedding.py: only the head of the two asks for a quantized method. */
  static final ModuleRule EMBEDDING =
      error(
          "embedding-quantized",
          "the engine reads embeddings unquantized",
          module -> module.kind() == ModuleKind.EMBEDDING);

  /** fused_moe/oracle/int_wna16.py, quantization/utils/marlin_utils.py. */
  private static final ModuleRule EXPERT_GROUP =
      error(
          "expert-group-size",
          "vLLM's expert kernels take groups of 32, 64 or 128, or whole rows",
          module -> isPackedExpert(module) && !MARLIN_GROUPS.contains(module.scheme().groupSize()));

  /** quantization/utils/marlin_utils.py. */
  private static ModuleRule expertWidth(long hidden) {
    return error(
        "expert-width",
        "vLLM's expert kernels need a hidden size that is a multiple of 128, and it is " + hidden,
        module -> isPackedExpert(module) && hidden % 128 != 0);
  }

  /** compressed_tensors_moe/compressed_tensors_moe.py has no such method. */
  private static final ModuleRule EXPERT_FP8_WEIGHT_ONLY =
      error(
          "fp8-weight-only-experts",
          "vLLM serves fp8 experts only with fp8 activations (aq \"fp8\")",
          module -> module.isExpert() && NAIVE_QUANTIZED.holds(module.scheme()));

  /** fused_moe/oracle/int_wna16.py. */
  private static final ModuleRule EXPERT_INT8_ASYMMETRIC =
      error(
          "int8-asymmetric-experts",
          "vLLM has no kernel on CUDA for int8 experts with zero points",
          module ->
              isPackedExpert(module)
                  && module.scheme().format().bits() == 8
                  && !module.scheme().symmetric());

  /** compressed_tensors/schemes/compressed_tensors_wNa16.py. */
  private static final ModuleRule ASYMMETRIC_BITS =
      error(
          "asymmetric-bits",
          "vLLM takes zero points with int4 and int8 only",
          module ->
              PACK_QUANTIZED.holds(module.scheme())
                  && !module.scheme().symmetric()
                  && !isFourOrEight(module));

  /** fused_moe/oracle/int_wna16.py: the Humming kernels want strategy group. */
  private static final ModuleRule EXPERT_ROWS_OF_FEW_BITS =
      error(
          "few-bit-rows",
          "vLLM serves experts of these bits only in groups",
          module ->
              isPackedExpert(module) && !isFourOrEight(module) && module.scheme().isPerChannel());

  /** compressed_tensors/compressed_tensors.py: tensor, channel or block. */
  private static final ModuleRule FP8_GROUPS =
      error(
          "fp8-groups",
          "vLLM takes fp8 with a scale per row (group_size -1), not per group",
          module ->
              (FLOAT_QUANTIZED.holds(module.scheme()) || NAIVE_QUANTIZED.holds(module.scheme()))
                  && !module.scheme().isPerChannel());

  /** kernels/linear/mixed_precision. */
  private static final ModuleRule FEW_BITS =
      warning(
          "optional-kernels",
          "vLLM serves these bits only with the optional Humming kernels installed",
          module -> PACK_QUANTIZED.holds(module.scheme()) && !isFourOrEight(module));

  /** compressed-tensors commit 3f01c782, vLLM pull request 46389. */
  private static final ModuleRule DENSE_PACKING =
      warning(
          "dense-packing",
          "readers before compressed-tensors 0.18 and vLLM of 24 June 2026 unpack it wrongly",
          module ->
              PACK_QUANTIZED.holds(module.scheme())
                  && Set.of(3, 5, 6, 7).contains(module.scheme().format().bits()));

  /** kernels/linear/mixed_precision. */
  private static final ModuleRule DENSE_GROUP =
      warning(
          "slow-group-size",
          "vLLM's fast kernels take groups of 32, 64 or 128, or whole rows",
          module ->
              !module.isExpert()
                  && PACK_QUANTIZED.holds(module.scheme())
                  && !MARLIN_GROUPS.contains(module.scheme().groupSize()));

  private static final ModuleRule INT4_WITH_INT8_INPUTS =
      warning(
          "few-bit-integer-activations",
          "vLLM's integer kernels are for int8 weights; fewer bits take int8's space",
          module -> INT_QUANTIZED.holds(module.scheme()) && module.scheme().format().bits() != 8);

  private static final ModuleRule HEAD =
      warning(
          "head-quantized",
          "few releases serve a quantized head",
          module -> module.kind() == ModuleKind.HEAD);

  private static final ModuleRule FP8_HARDWARE =
      note(
          "fp8-hardware",
          "GPUs before compute capability 8.9 run it with 16-bit activations",
          module -> FLOAT_QUANTIZED.holds(module.scheme()));

  private static final ModuleRule FP4_HARDWARE =
      note(
          "fp4-hardware",
          "GPUs without FP4 units run it as a weight-only format",
          module ->
              MXFP4_PACK_QUANTIZED.holds(module.scheme())
                  || NVFP4_PACK_QUANTIZED.holds(module.scheme()));

  /** quantization/auto_gptq.py. */
  private static final ModuleRule GPTQ_BITS =
      error(
          "gptq-bits",
          "vLLM takes GPTQ with int4 and int8 only; compressed-tensors holds the others",
          module -> !isFourOrEight(module));

  /** kernels/linear/mxfp6/emulation.py. */
  private static final ModuleRule MXFP6 =
      warning(
          "mxfp6-emulated",
          "vLLM decodes it as it goes, with the amd-quark package: it saves memory, not time",
          module -> module.scheme().format().bits() == 6);

  private static boolean isPackedExpert(ModuleScheme module) {
    return module.isExpert() && PACK_QUANTIZED.holds(module.scheme());
  }

  private static boolean isFourOrEight(ModuleScheme module) {
    return module.scheme().format().bits() == 4 || module.scheme().format().bits() == 8;
  }
}
