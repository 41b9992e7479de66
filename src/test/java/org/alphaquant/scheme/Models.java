package org.alphaquant.scheme;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;

/** Module lists of small models with the names of real families. */
public final class Models {
  private final List<ModuleDescription> modules = new ArrayList<>();
  private final int hidden;

  private Models(int hidden) {
    this.hidden = hidden;
  }

  /** OLMoE with query and key norms, embedding and head. */
  public static List<ModuleDescription> olmoe(
      int layers, int experts, int hidden, int intermediate) {
    Models models = new Models(hidden);
    models.add("model.embed_tokens", 1024, hidden, ModuleKind.EMBEDDING, -1);
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer;
      models.attention(prefix, layer);
      models.add(prefix + ".self_attn.q_norm", 1, hidden, ModuleKind.NORM, layer);
      models.add(prefix + ".mlp.gate", experts, hidden, ModuleKind.ROUTER, layer);
      models.experts(
          prefix + ".mlp",
          List.of("gate_proj", "up_proj", "down_proj"),
          layer,
          experts,
          intermediate);
    }
    models.add("lm_head", 1024, hidden, ModuleKind.HEAD, -1);
    return models.modules;
  }

  public static List<ModuleDescription> mixtral(
      int layers, int experts, int hidden, int intermediate) {
    Models models = new Models(hidden);
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer;
      models.attention(prefix, layer);
      String block = prefix + ".block_sparse_moe";
      models.add(block + ".gate", experts, hidden, ModuleKind.ROUTER, layer);
      models.experts(block, List.of("w1", "w3", "w2"), layer, experts, intermediate);
    }
    models.add("lm_head", 1024, hidden, ModuleKind.HEAD, -1);
    return models.modules;
  }

  /** Qwen2-MoE: OLMoE's names plus a shared expert with its gate. */
  public static List<ModuleDescription> qwen2Moe(
      int layers, int experts, int hidden, int intermediate) {
    Models models = new Models(hidden);
    models.modules.addAll(olmoe(layers, experts, hidden, intermediate));
    for (int layer = 0; layer < layers; layer++) {
      String mlp = "model.layers." + layer + ".mlp";
      String shared = mlp + ".shared_expert.";
      models.add(shared + "gate_proj", 2L * intermediate, hidden, ModuleKind.SHARED_EXPERT, layer);
      models.add(shared + "up_proj", 2L * intermediate, hidden, ModuleKind.SHARED_EXPERT, layer);
      models.add(shared + "down_proj", hidden, 2L * intermediate, ModuleKind.SHARED_EXPERT, layer);
      models.add(mlp + ".shared_expert_gate", 1, hidden, ModuleKind.SHARED_EXPERT_GATE, layer);
    }
    return models.modules;
  }

  private void attention(String prefix, int layer) {
    for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
      add(prefix + ".self_attn." + name, hidden, hidden, ModuleKind.ATTENTION, layer);
    }
  }

  private void experts(
      String block, List<String> gateUpDown, int layer, int experts, int intermediate) {
    for (int expert = 0; expert < experts; expert++) {
      for (int index = 0; index < 3; index++) {
        long out = index == 2 ? hidden : intermediate;
        long in = index == 2 ? intermediate : hidden;
        String name = "%s.experts.%d.%s".formatted(block, expert, gateUpDown.get(index));
        modules.add(new ModuleDescription(name, out, in, ModuleKind.EXPERT, layer, expert));
      }
    }
  }

  private void add(String name, long out, long in, ModuleKind kind, int layer) {
    modules.add(new ModuleDescription(name, out, in, kind, layer, -1));
  }
}
