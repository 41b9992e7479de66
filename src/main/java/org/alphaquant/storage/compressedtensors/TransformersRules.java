package org.alphaquant.storage.compressedtensors;

import static org.alphaquant.storage.compressedtensors.CompressionFormat.INT_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.MXFP8_QUANTIZED;
import static org.alphaquant.storage.compressedtensors.CompressionFormat.NVFP4_PACK_QUANTIZED;
import static org.alphaquant.storage.serving.ModuleRule.error;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.serving.CommonRules;
import org.alphaquant.storage.serving.FusedFamilies;
import org.alphaquant.storage.serving.ModuleRule;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.ServingRule;

/**
 * What transformers 5.18 loads correctly ({@code quantizers/quantizer_compressed_tensors.py},
 * {@code integrations/compressed_tensors.py}), found by loading checkpoints of a small OLMoE.
 */
final class TransformersRules {
  private TransformersRules() {}

  static List<ServingRule> all() {
    return List.of(
        FusedFamilies.TRANSFORMERS,
        CommonRules.ROUTER,
        CommonRules.EMBEDDING,
        TransformersRules::oneScheme,
        EXPERT_ZERO_POINTS,
        EXPERT_INTEGERS,
        EXPERT_MXFP8,
        EXPERT_NVFP4);
  }

  /** All layers' experts are decoded by the first group whose target names experts. */
  private static Optional<Problem> oneScheme(ServedCheckpoint checkpoint) {
    List<TensorScheme> schemes = checkpoint.experts().map(ModuleScheme::scheme).distinct().toList();
    boolean uniform = schemes.size() == 1 && !schemes.get(0).isUnquantized();
    if (schemes.isEmpty() || uniform) {
      return Optional.empty();
    }
    String shown = schemes.stream().map(TensorScheme::label).collect(Collectors.joining(", "));
    String detail =
        schemes.size() > 1
            ? "transformers decodes the experts of all layers by one scheme, but they have " + shown
            : "transformers leaves unquantized experts of a compressed checkpoint uninitialised";
    return Optional.of(Problem.error("expert-schemes", "", shown, detail));
  }

  private static final ModuleRule EXPERT_ZERO_POINTS =
      error(
          "asymmetric-experts",
          "transformers cannot load experts with zero points",
          module -> module.isExpert() && !module.scheme().symmetric());

  private static final ModuleRule EXPERT_INTEGERS =
      error(
          "int-quantized-experts",
          "transformers cannot load integer experts with integer activations",
          module -> module.isExpert() && INT_QUANTIZED.holds(module.scheme()));

  private static final ModuleRule EXPERT_MXFP8 =
      error(
          "mxfp8-experts",
          "transformers cannot load MXFP8 experts",
          module -> module.isExpert() && MXFP8_QUANTIZED.holds(module.scheme()));

  private static final ModuleRule EXPERT_NVFP4 =
      error(
          "nvfp4-experts",
          "transformers ignores the global scale of NVFP4 experts and misreads them silently",
          module -> module.isExpert() && NVFP4_PACK_QUANTIZED.holds(module.scheme()));
}
