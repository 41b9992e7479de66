package org.alphaquant.storage.gguf;

import java.util.Map;

/** OLMo 2, and OLMo 3 with sliding layers. */
final class OlmoFamilies {

  private static final double THETA = 500_000;

  private OlmoFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    EngineFamily olmo2 = EngineFamily.of("olmo2").withOwnHead().named(NewerFamilies.NORMS_BEHIND);
    families.put("olmo2", olmo2);
    families.put(
        "olmo3",
        olmo2
            .with(
                (config, keys) -> {
                  keys.f32("rope.freq_base", config.ofLayers("full_attention").theta(THETA));
                  if (WindowedFamilies.window(config) > 0) {
                    WindowedFamilies.windows(config, keys);
                  }
                })
            .refusing(
                config -> WindowedFamilies.period(config).isEmpty(), WindowedFamilies.BY_TURNS)
            .refusing(
                OlmoFamilies::slidingRotateOtherwise,
                "llama.cpp rotates the sliding layers of this architecture with the rope_theta of"
                    + " the full ones and never stretches them, the model otherwise"
                    + " (rope_parameters)"));
  }

  private static boolean slidingRotateOtherwise(FamilyConfig config) {
    FamilyConfig sliding = config.ofSlidingLayers();
    double full = config.ofLayers("full_attention").theta(THETA);
    return WindowedFamilies.window(config) > 0
        && (!sliding.rotaryType().equals("default")
            || sliding.theta(config.real(THETA, "rope_theta")) != full);
  }
}
