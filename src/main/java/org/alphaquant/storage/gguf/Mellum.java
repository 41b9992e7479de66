package org.alphaquant.storage.gguf;

/** Mellum 2: Qwen3-MoE some of whose layers see a window and are never stretched. */
final class Mellum {

  private static final double THETA = 500_000;

  private Mellum() {}

  static EngineFamily family() {
    return EngineFamily.of("mellum")
        .withOwnHead()
        .with(
            (config, keys) -> {
              keys.f32("rope.freq_base", theta(config));
              WindowedFamilies.listed(config, keys);
            })
        .refusing(
            config -> !config.sparseFrom(0),
            "llama.cpp wants experts in every layer of this architecture (mlp_layer_types)")
        .refusing(
            config -> !config.renormalised(),
            "llama.cpp divides the chosen scores of this architecture by their sum, the model does"
                + " not (norm_topk_prob)")
        .refusing(
            Mellum::slidesOtherwise,
            "llama.cpp rotates the sliding layers of this architecture with the rope_theta of the"
                + " full ones and never stretches them, the model otherwise (rope_parameters)");
  }

  private static double theta(FamilyConfig config) {
    return config.ofLayers("full_attention").theta(THETA);
  }

  private static boolean slidesOtherwise(FamilyConfig config) {
    FamilyConfig sliding = config.ofSlidingLayers();
    return config.sliding().contains(true)
        && (sliding.theta() != theta(config) || !sliding.rotaryType().equals("default"));
  }
}
