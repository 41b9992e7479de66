package org.alphaquant.model.phimoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.NormKind;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.SparseMixerDesign;
import org.alphaquant.model.design.StoredNames;
import org.alphaquant.model.design.Style;

/** Phi-MoE: Mixtral names with LayerNorm biases; two experts whose weights do not sum to one. */
public final class PhiMoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 0, 1_000_000);

  // The router first: its name holds that of the block.
  private static final StoredNames STORED_NAMES =
      StoredNames.of(".block_sparse_moe.gate.", ".mlp.router.").and(StoredNames.MIXTRAL);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "phimoe",
        List.of("PhiMoEForCausalLM", "PhimoeForCausalLM"),
        "grouped-query behind LayerNorm; biases with attention_bias, LongRoPE",
        "SparseMixer: two experts, each weighted among those within router_jitter_noise of it",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    Style style =
        new Style(
            NormKind.LAYER,
            Activation.SWIGLU,
            config.flag("lm_head_bias", false),
            Multipliers.NONE,
            0,
            false);
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS, style);
    Biases biases = Biases.all(config.flag("attention_bias", false));
    Scores scores = Scores.of(decoder.heads()).within(SlidingWindow.everywhere(config, 0));
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, Projections.of(biases), scores),
            layer -> experts(decoder.decoder(), config, layer))
        .storedAs(source, STORED_NAMES);
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    if (config.count("num_experts_per_tok", 2) != 2) {
      throw config.wrong("num_experts_per_tok", "must be 2: SparseMixer chooses two experts");
    }
    String module = decoder.layer(layer) + "block_sparse_moe";
    int count = config.count("num_local_experts", 16);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    double jitter = config.fromZero("router_jitter_noise", 0.01);
    return decoder.sparse(
        layer,
        new SparseMixerDesign(gate, jitter),
        ExpertsDesign.of(
            new ExpertsDesign.Names(module + ".experts", List.of("w1", "w3", "w2")),
            count,
            decoder.hidden(),
            config.positive("intermediate_size")),
        null);
  }
}
