package org.alphaquant.storage.compressedtensors;

import static org.alphaquant.storage.compressedtensors.CompressionFormat.FLOAT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.INT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.MXFP4_PACK_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.NAIVE_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.NVFP4_PACK_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.PACK_QUANTIZED;
import static org.alphaquant.storage.serving.ModuleRule.error;
import static org.alphaquant.storage.serving.ModuleRule.note;
import static org.alphaquant.storage.serving.ModuleRule.warning;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.serving.CommonRules;
import org.alphaquant.storage.serving.FamilyRules;
import org.alphaquant.storage.serving.FusedFamilies;
import org.alphaquant.storage.serving.MarlinExperts;
import org.alphaquant.storage.serving.MixedUnitRule;
import org.alphaquant.storage.serving.ModuleRule;
import org.alphaquant.storage.serving.ServingRule;

/**
 * What vLLM serves, as its source of August 2026 has it (commit 2f41c894e320, {@code
 * vllm/model_executor/layers}); each rule names the file that it was read from. For experts of 2,
 * 3, 5, 6 and 7 bits its kernels of October 2026 count, one scheme for each block of experts; which
 * releases have them the warnings say.
 */
final class VllmRules {

  private VllmRules() {}

  static List<ServingRule> all() {
    List<ServingRule> rules =
        new ArrayList<>(
            List.of(new MixedUnitRule("vLLM"), CommonRules.ROUTER, CommonRules.EMBEDDING));
    rules.addAll(FusedFamilies.VLLM);
    rules.add(FamilyRules.VLLM_ROTARY);
    rules.add(FamilyRules.VLLM_ROTARY_ZERO_POINTS);
    rules.addAll(new MarlinExperts(VllmRules::isPackedExpert).rules());
    rules.addAll(
        List.of(
            EXPERT_FP8_WEIGHT_ONLY,
            EXPERT_INT8_ASYMMETRIC,
            ASYMMETRIC_BITS,
            EXPERT_ROWS_OF_FEW_BITS,
            FP8_GROUPS,
            FEW_BITS,
            EXPERT_FEW_BITS,
            DENSE_PACKING,
            DENSE_GROUP,
            INT4_WITH_INT8_INPUTS,
            CommonRules.HEAD,
            FP8_HARDWARE,
            FP4_HARDWARE));
    return List.copyOf(rules);
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
          module ->
              PACK_QUANTIZED.holds(module.scheme())
                  && !module.isExpert()
                  && !isFourOrEight(module));

  /** Kernels for 1 to 8 bits, October 2026; before, pull requests 48918 and 52799. */
  private static final ModuleRule EXPERT_FEW_BITS =
      warning(
          "expert-few-bits",
          "vLLM serves experts of these bits by its kernels of October 2026, and before only with"
              + " the optional Humming kernels installed",
          module -> isPackedExpert(module) && !isFourOrEight(module));

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
                  && !MarlinExperts.GROUPS.contains(module.scheme().groupSize()));

  private static final ModuleRule INT4_WITH_INT8_INPUTS =
      warning(
          "few-bit-integer-activations",
          "vLLM's integer kernels are for int8 weights; fewer bits take int8's space",
          module -> INT_QUANTIZED.holds(module.scheme()) && module.scheme().format().bits() != 8);

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

  private static boolean isPackedExpert(ModuleScheme module) {
    return module.isExpert() && PACK_QUANTIZED.holds(module.scheme());
  }

  private static boolean isFourOrEight(ModuleScheme module) {
    return module.scheme().format().bits() == 4 || module.scheme().format().bits() == 8;
  }
}
