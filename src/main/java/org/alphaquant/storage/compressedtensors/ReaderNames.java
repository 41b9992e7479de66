package org.alphaquant.storage.compressedtensors;

import java.util.regex.Pattern;

/**
 * Readers match targets and {@code ignore} against names of their own modules, which for a few
 * families are not those of the files.
 */
final class ReaderNames {

  /** Experts directly below a layer. */
  private static final Pattern EXPERTS_OF_LAYER =
      Pattern.compile("(layers\\\\\\.(?:(?!\\\\\\.).)+\\\\\\.)experts");

  /** The linears of Kimi Linear's decays. */
  private static final Pattern DECAYS = Pattern.compile("(self_attn\\\\\\.)(?=\\S*f_a_proj)");

  private ReaderNames() {}

  /**
   * An expression that matches the readers' names too: vLLM (models/gemma4.py) and SGLang
   * (models/gemma4_causal.py) have Gemma 4's experts in a block {@code moe}, transformers 5.18 Kimi
   * Linear's decays in a {@code forget_gate}.
   */
  static String with(String expression) {
    String experts = EXPERTS_OF_LAYER.matcher(expression).replaceFirst("$1(?:moe\\\\.)?experts");
    return DECAYS.matcher(experts).replaceFirst("$1(?:forget_gate\\\\.)?");
  }
}
