package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;

/** The linear modules of models with the names of real families. */
public final class Modules {
  private Modules() {}

  /** OLMoE-1B-7B's shapes: hidden 2048, expert intermediate 1024. */
  public static List<ModuleScheme> olmoe(
      int layers, int experts, Function<String, TensorScheme> scheme) {
    return moe("mlp", List.of("gate_proj", "up_proj", "down_proj"), layers, experts, scheme);
  }

  public static List<ModuleScheme> mixtral(
      int layers, int experts, Function<String, TensorScheme> scheme) {
    return moe("block_sparse_moe", List.of("w1", "w3", "w2"), layers, experts, scheme);
  }

  private static List<ModuleScheme> moe(
      String block,
      List<String> projections,
      int layers,
      int experts,
      Function<String, TensorScheme> scheme) {
    List<ModuleScheme> modules = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        modules.add(module(prefix + "self_attn." + name, 2048, 2048, false, scheme));
      }
      modules.add(module(prefix + block + ".gate", experts, 2048, false, scheme));
      for (int expert = 0; expert < experts; expert++) {
        String start = prefix + block + ".experts." + expert + ".";
        modules.add(module(start + projections.get(0), 1024, 2048, true, scheme));
        modules.add(module(start + projections.get(1), 1024, 2048, true, scheme));
        modules.add(module(start + projections.get(2), 2048, 1024, true, scheme));
      }
    }
    modules.add(module("lm_head", 50304, 2048, false, scheme));
    return modules;
  }

  private static ModuleScheme module(
      String name, long out, long in, boolean expert, Function<String, TensorScheme> scheme) {
    return module(name, out, in, expert, scheme.apply(name));
  }

  /** One module with its scheme. */
  public static ModuleScheme module(
      String name, long out, long in, boolean expert, TensorScheme scheme) {
    ModuleDescription module =
        new ModuleDescription(name, out, in, kind(name, expert), 0, expert ? 0 : -1);
    return new ModuleScheme(module, scheme, ModuleScheme.untouched(module).origin());
  }

  private static ModuleKind kind(String name, boolean expert) {
    return expert
        ? ModuleKind.EXPERT
        : name.equals("lm_head") ? ModuleKind.HEAD : ModuleKind.ATTENTION;
  }
}
