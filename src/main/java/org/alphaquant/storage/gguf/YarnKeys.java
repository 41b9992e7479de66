package org.alphaquant.storage.gguf;

import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * YaRN as llama.cpp reads it: queries and keys grow by 1 + 0.1 ln(factor), times a key of the file.
 *
 * @param config of the layers that are stretched
 */
record YarnKeys(FamilyConfig config) {

  private static final double CLOSE = 1e-6;
  private static final double FAST = 32;
  private static final double SLOW = 1;

  /** Architectures that read how often pairs turn. */
  private static final Set<String> READ_TURNS = Set.of("mistral3");

  /** Architectures whose sliding layers are scaled by nothing. */
  private static final Set<String> OWN_SLIDING = Set.of("laguna", "mellum", "olmo2");

  void write(EngineKeys keys) {
    keys.f32("rope.scaling.yarn_beta_fast", config.rotary("beta_fast", FAST));
    keys.f32("rope.scaling.yarn_beta_slow", config.rotary("beta_slow", SLOW));
    if (!usual()) {
      keys.f32("rope.scaling.attn_factor", attention() / growth(1));
    }
  }

  /**
   * What is computed otherwise, for which there is no key; empty where that changes nothing.
   *
   * @param architecture of the engine; most have fixed numbers of turns
   */
  Optional<String> difference(String architecture) {
    double fast = config.rotary("beta_fast", FAST);
    double slow = config.rotary("beta_slow", SLOW);
    boolean read = READ_TURNS.contains(architecture);
    boolean whole = config.rotary("truncate").map(it -> it.asBoolean(true)).orElse(true);
    double[] engine = blends(read ? fast : FAST, read ? slow : SLOW, true);
    double[] model = blends(fast, slow, whole);
    if (IntStream.range(0, model.length).allMatch(i -> Math.abs(engine[i] - model[i]) < CLOSE)) {
      return Optional.empty();
    }
    return Optional.of(
        whole
            ? ("llama.cpp takes beta_fast %.6g and beta_slow %.6g for YaRN in this architecture,"
                    + " the model %.6g and %.6g; its options --yarn-beta-fast and --yarn-beta-slow"
                    + " make it compute the same")
                .formatted(FAST, SLOW, fast, slow)
            : "llama.cpp blends YaRN's frequencies between whole pairs of dimensions, the model"
                + " between fractions of them (truncate false)");
  }

  // Of each pair how far it is interpolated (arXiv 2309.00071, section 3.2).
  private double[] blends(double fast, double slow, boolean whole) {
    long width = config.integer(config.rotaryDimension(), "qk_rope_head_dim");
    double low = pair(width, fast);
    double high = pair(width, slow);
    double first = Math.max(0, whole ? Math.floor(low) : low);
    double last = Math.min(width - 1.0, whole ? Math.ceil(high) : high);
    double between = Math.max(0.001, last - first);
    return IntStream.range(0, (int) width / 2)
        .mapToDouble(i -> Math.min(1, Math.max(0, (i - first) / between)))
        .toArray();
  }

  // The pair that turns so often over the original context.
  private double pair(long width, double turns) {
    return width * Math.log(original() / (turns * 2 * Math.PI)) / (2 * Math.log(config.theta()));
  }

  /** What queries and keys are multiplied by. */
  double attention() {
    double mscale = config.rotary("mscale", 0);
    double all = config.rotary("mscale_all_dim", 0);
    double derived = mscale != 0 && all != 0 ? growth(mscale) / growth(all) : growth(1);
    return config.rotary("attention_factor", derived);
  }

  private boolean usual() {
    return Math.abs(attention() / growth(1) - 1) < CLOSE;
  }

  /** Whether the key for {@link #attention} reaches layers that are not stretched too. */
  boolean scalesAllLayers(String architecture) {
    return !usual() && !OWN_SLIDING.contains(architecture);
  }

  /** Whether queries and keys stay as long as they are. */
  boolean leavesLengths() {
    return Math.abs(attention() - 1) < CLOSE;
  }

  /** What the stretch of the context calls for, a weight of it. */
  double growth(double weight) {
    return 1 + 0.1 * weight * Math.log(Math.max(1, factor()));
  }

  double factor() {
    double context = config.integer(2048, "max_position_embeddings");
    return config.rotary("factor", context / original());
  }

  double original() {
    double context = config.integer(2048, "max_position_embeddings");
    return config.rotary("original_max_position_embeddings", context);
  }
}
