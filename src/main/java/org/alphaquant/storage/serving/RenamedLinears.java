package org.alphaquant.storage.serving;

import java.util.Optional;

/**
 * Modules that transformers 5.18 has as a {@code Linear} under another name than the checkpoint's
 * ({@code conversion_mapping.py}). It looks them up in {@code quantization_config} by its own.
 */
public final class RenamedLinears {

  private RenamedLinears() {}

  /** The other name of a module of a family; empty for nearly all. */
  public static Optional<String> of(String family, String module) {
    return switch (family) {
      // Its router is a subclass of Linear; others' are none.
      case "phimoe" -> renamed(module, ".block_sparse_moe.gate", ".mlp.router");
      case "laguna" -> renamed(module, ".mlp.shared_expert.", ".mlp.shared_experts.");
      default -> Optional.empty();
    };
  }

  private static Optional<String> renamed(String module, String from, String to) {
    return module.contains(from) ? Optional.of(module.replace(from, to)) : Optional.empty();
  }
}
