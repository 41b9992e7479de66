package org.alphaquant.storage.quark;

import static org.alphaquant.storage.serving.ModuleRule.warning;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.storage.serving.CommonRules;
import org.alphaquant.storage.serving.FamilyRules;
import org.alphaquant.storage.serving.FusedFamilies;
import org.alphaquant.storage.serving.MixedUnitRule;
import org.alphaquant.storage.serving.ModuleRule;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;

/**
 * Which engines read Quark's layout, and what each demands: vLLM at commit 2f41c894e320 (August
 * 2026), transformers 5.18.
 */
final class QuarkReaders {

  private QuarkReaders() {}

  static Map<TargetRuntime, List<ServingRule>> all() {
    return Map.of(
        TargetRuntime.VLLM, vllm(),
        TargetRuntime.TRANSFORMERS,
            List.of(
                FusedFamilies.TRANSFORMERS,
                CommonRules.ROUTER,
                CommonRules.EMBEDDING,
                TRANSFORMERS_PACKAGE));
  }

  private static List<ServingRule> vllm() {
    List<ServingRule> rules = new ArrayList<>(FusedFamilies.VLLM);
    rules.addAll(
        List.<ServingRule>of(
            new MixedUnitRule("vLLM"),
            CommonRules.ROUTER,
            CommonRules.EMBEDDING,
            CommonRules.HEAD,
            VLLM_MXFP6,
            FamilyRules.VLLM_ROTARY));
    return List.copyOf(rules);
  }

  /** kernels/linear/mxfp6/emulation.py. */
  private static final ModuleRule VLLM_MXFP6 =
      warning(
          "mxfp6-emulated",
          "vLLM decodes it as it goes, with the amd-quark package: it saves memory, not time",
          module -> module.scheme().format().bits() == 6);

  private static final ModuleRule TRANSFORMERS_PACKAGE =
      warning(
          "quark-package",
          "transformers reads Quark's layout only with the package amd-quark installed",
          module -> true);
}
