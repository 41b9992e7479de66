package org.alphaquant.storage.gguf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * A family in llama.cpp.
 *
 * @param architecture {@code general.architecture}
 * @param adjacentPairs whether it rotates neighbouring dimensions, so that rows of q and k are
 *     reordered for it
 * @param normsPlusOne whether its norms multiply by w where the model's multiply by 1 + w
 * @param ownHead whether it needs a head even where the model's is tied to its embedding
 * @param biases modules whose biases it adds, by its names; it refuses files with others, or reads
 *     past them
 * @param names of a layer's tensors where they differ from the usual ones, by the model's name
 * @param keys metadata beyond {@link CommonKeys}
 * @param obstacles what it would compute differently from the model, a sentence each
 */
record EngineFamily(
    String architecture,
    boolean adjacentPairs,
    boolean normsPlusOne,
    boolean ownHead,
    Set<String> biases,
    Map<String, String> names,
    BiConsumer<FamilyConfig, EngineKeys> keys,
    Function<FamilyConfig, List<String>> obstacles) {

  // Found by running the engine with a scale beside each matrix (OuterScalesTest).
  private static final Set<String> OUTER_SCALES = Set.of("llama", "qwen3", "qwen3moe", "qwen35moe");

  /** Whether it multiplies by {@code NAME.scale} what each matrix of its layers gives. */
  boolean outerScales() {
    return OUTER_SCALES.contains(architecture);
  }

  static EngineFamily of(String architecture) {
    return new EngineFamily(
        architecture,
        false,
        false,
        false,
        Set.of(),
        Map.of(),
        (config, keys) -> {},
        config -> List.of());
  }

  EngineFamily withAdjacentPairs() {
    return new EngineFamily(
        architecture, true, normsPlusOne, ownHead, biases, names, keys, obstacles);
  }

  EngineFamily withNormsPlusOne() {
    return new EngineFamily(
        architecture, adjacentPairs, true, ownHead, biases, names, keys, obstacles);
  }

  EngineFamily withOwnHead() {
    return new EngineFamily(
        architecture, adjacentPairs, normsPlusOne, true, biases, names, keys, obstacles);
  }

  EngineFamily withBiases(Set<String> some) {
    return new EngineFamily(
        architecture, adjacentPairs, normsPlusOne, ownHead, some, names, keys, obstacles);
  }

  EngineFamily named(Map<String, String> others) {
    return new EngineFamily(
        architecture, adjacentPairs, normsPlusOne, ownHead, biases, others, keys, obstacles);
  }

  EngineFamily with(BiConsumer<FamilyConfig, EngineKeys> more) {
    return new EngineFamily(
        architecture,
        adjacentPairs,
        normsPlusOne,
        ownHead,
        biases,
        names,
        keys.andThen(more),
        obstacles);
  }

  /** Refuses models of which {@code wrong} holds. */
  EngineFamily refusing(Function<FamilyConfig, Boolean> wrong, String sentence) {
    return new EngineFamily(
        architecture,
        adjacentPairs,
        normsPlusOne,
        ownHead,
        biases,
        names,
        keys,
        config -> {
          List<String> all = new ArrayList<>(obstacles.apply(config));
          if (wrong.apply(config)) {
            all.add(sentence);
          }
          return all;
        });
  }
}
