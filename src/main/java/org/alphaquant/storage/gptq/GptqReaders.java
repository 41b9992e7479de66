package org.alphaquant.storage.gptq;

import static org.alphaquant.storage.serving.ModuleRule.error;
import static org.alphaquant.storage.serving.ModuleRule.warning;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.serving.CommonRules;
import org.alphaquant.storage.serving.FamilyRules;
import org.alphaquant.storage.serving.FusedFamilies;
import org.alphaquant.storage.serving.MarlinExperts;
import org.alphaquant.storage.serving.MixedUnitRule;
import org.alphaquant.storage.serving.ModuleRule;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;

/**
 * Which engines read GPTQ's format, and what each demands: vLLM at commit 2f41c894e320 (August
 * 2026), SGLang of 2026, transformers 5.18.
 */
final class GptqReaders {

  private GptqReaders() {}

  static Map<TargetRuntime, List<ServingRule>> all() {
    return Map.of(
        TargetRuntime.VLLM, vllm(),
        TargetRuntime.SGLANG, sglang(),
        TargetRuntime.TRANSFORMERS,
            List.of(
                CommonRules.ROUTER,
                CommonRules.EMBEDDING,
                TRANSFORMERS_EXPERTS,
                TRANSFORMERS_PACKAGE));
  }

  private static List<ServingRule> sglang() {
    List<ServingRule> rules = new ArrayList<>(FusedFamilies.SGLANG);
    rules.addAll(
        List.<ServingRule>of(
            new MixedUnitRule("SGLang"),
            CommonRules.ROUTER,
            CommonRules.EMBEDDING,
            SGLANG_FEW_BITS,
            SGLANG_LATENT,
            FamilyRules.GPTQ_ROTARY,
            FamilyRules.SGLANG_NAMES));
    return List.copyOf(rules);
  }

  private static List<ServingRule> vllm() {
    List<ServingRule> rules =
        new ArrayList<>(
            List.of(
                new MixedUnitRule("vLLM"),
                CommonRules.ROUTER,
                CommonRules.EMBEDDING,
                VLLM_BITS,
                new ExpertGroupRule()));
    rules.addAll(FusedFamilies.VLLM);
    rules.addAll(new MarlinExperts(GptqReaders::isPackedExpert).rules());
    rules.add(FamilyRules.GPTQ_ROTARY);
    rules.add(CommonRules.HEAD);
    return List.copyOf(rules);
  }

  /** quantization/auto_gptq.py. */
  private static final ModuleRule VLLM_BITS =
      error(
          "gptq-bits",
          "vLLM takes GPTQ with int4 and int8 only; compressed-tensors holds the others",
          module -> !isFourOrEight(module));

  private static final ModuleRule SGLANG_FEW_BITS =
      warning(
          "slow-gptq-bits",
          "SGLang's fast GPTQ kernels take int4 and int8 only",
          module -> !isFourOrEight(module));

  /** models/deepseek_common/deepseek_weight_loader.py at 29bd4e859f6e. */
  private static final ModuleRule SGLANG_LATENT =
      FamilyRules.latent(
          "SGLang takes its weight apart, and any qweight for one of AWQ", module -> true);

  private static final ModuleRule TRANSFORMERS_EXPERTS =
      error(
          "gptq-experts",
          "transformers does not convert GPTQ experts to its fused ones",
          ModuleScheme::isExpert);

  private static final ModuleRule TRANSFORMERS_PACKAGE =
      warning(
          "gptq-package",
          "transformers reads GPTQ only with the packages optimum and gptqmodel installed",
          module -> true);

  private static boolean isPackedExpert(ModuleScheme module) {
    return module.isExpert() && module.isQuantized();
  }

  private static boolean isFourOrEight(ModuleScheme module) {
    return module.scheme().format().bits() == 4 || module.scheme().format().bits() == 8;
  }
}
