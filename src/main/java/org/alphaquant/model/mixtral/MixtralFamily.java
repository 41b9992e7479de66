package org.alphaquant.model.mixtral;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.design.StoredNames;

/** Mixtral: every layer sparse, weights always renormalised; w1 is the gate, w3 up, w2 down. */
public final class MixtralFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 0, 1_000_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mixtral",
        List.of("MixtralForCausalLM"),
        "grouped-query; optional sliding window",
        "softmax over all experts, then top-k, always renormalised",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Scores scores = Scores.of(decoder.heads()).within(SlidingWindow.everywhere(config, 0));
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, Projections.PLAIN, scores),
            layer -> experts(decoder.decoder(), config, layer))
        .storedAs(source, StoredNames.MIXTRAL);
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    int count = config.count(config.spelling("num_local_experts", "num_experts"), 8);
    int topK = config.count("num_experts_per_tok", 2);
    String module = decoder.layer(layer) + "block_sparse_moe";
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    ExpertsDesign.Names names =
        new ExpertsDesign.Names(module + ".experts", List.of("w1", "w3", "w2"));
    long width = config.positive("intermediate_size");
    return decoder.sparse(
        layer,
        SoftmaxRouterDesign.plain(gate, topK, true),
        ExpertsDesign.of(names, count, decoder.hidden(), width),
        null);
  }
}
