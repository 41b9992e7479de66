package org.alphaquant.storage.serving;

import static org.alphaquant.storage.serving.ModuleRule.error;
import static org.alphaquant.storage.serving.ModuleRule.warning;

import org.alphaquant.architecture.ModuleKind;

/** Rules shared by several formats: they are about how engines build a model. */
public final class CommonRules {

  private CommonRules() {}

  /** Routers are built without quantization (vLLM's models/olmoe.py, mixtral.py, qwen2_moe.py). */
  public static final ModuleRule ROUTER =
      error(
          "router-quantized",
          "the engine reads routers and shared-expert gates unquantized",
          module ->
              module.kind() == ModuleKind.ROUTER || module.kind() == ModuleKind.SHARED_EXPERT_GATE);

  /** vLLM's vocab_parallel_embedding.py: only the head of the two asks for a quantized method. */
  public static final ModuleRule EMBEDDING =
      error(
          "embedding-quantized",
          "the engine reads embeddings unquantized",
          module -> module.kind() == ModuleKind.EMBEDDING);

  /** Not every release of vLLM builds the head with a quantized method. */
  public static final ModuleRule HEAD =
      warning(
          "head-quantized",
          "few releases serve a quantized head",
          module -> module.kind() == ModuleKind.HEAD);
}
