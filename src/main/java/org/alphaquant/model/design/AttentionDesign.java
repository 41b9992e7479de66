package org.alphaquant.model.design;

import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.WeightReader;

/** An attention block before it is loaded. */
public sealed interface AttentionDesign
    permits GroupedQueryDesign,
        LatentDesign,
        DeltaNetDesign,
        KimiDeltaDesign,
        MambaDesign,
        ShortConvolutionDesign,
        NoAttentionDesign {

  /**
   * {@code grouped-query}, {@code latent}, {@code gated-delta-net}, {@code mamba-2}, ... or {@code
   * none}.
   */
  String kind();

  /** Keys that a query sees at most, itself included; 0 for all before it. */
  default long window() {
    return 0;
  }

  void outline(Outline outline, int layer);

  Attention load(WeightReader reader);
}
