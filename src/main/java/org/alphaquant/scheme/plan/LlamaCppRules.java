package org.alphaquant.scheme.plan;

import java.util.List;
import org.alphaquant.storage.formats.StorageFormats;

/**
 * What llama.cpp 0.5.0 serves, found by running it: GGUF files. What it computes otherwise than a
 * model does is for {@link WholeRules} to say, as it is the model's and not the schemes'.
 */
final class LlamaCppRules {
  private LlamaCppRules() {}

  static List<ServingRule> of(ServedCheckpoint checkpoint) {
    return checkpoint.is(StorageFormats.GGUF)
        ? List.of()
        : List.of(new UnreadFormatRule("llama.cpp"));
  }
}
