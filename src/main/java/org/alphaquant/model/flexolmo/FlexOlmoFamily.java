package org.alphaquant.model.flexolmo;

import java.util.List;
import java.util.Optional;
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
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.olmo2.OlmoBlocks;

/** FlexOlmo (arXiv 2507.07024): the blocks of OLMo 2 with the experts of OLMoE. */
public final class FlexOlmoFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 4096, 0, 0, 500_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "flex_olmo",
        List.of("FlexOlmoForCausalLM"),
        "grouped-query; RMSNorm over whole projections, norms behind the blocks",
        "softmax over all experts, then top-k; renormalised only with norm_topk_prob",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections = OlmoBlocks.projections(decoder.config());
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, projections)
                .in(OlmoBlocks.attention(decoder.decoder(), layer)),
        layer -> experts(decoder.decoder(), decoder.config(), layer));
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_experts", "num_local_experts"), 7);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    RouterDesign router =
        SoftmaxRouterDesign.plain(
            gate, config.count("num_experts_per_tok", 5), config.flag("norm_topk_prob", false));
    long width = config.positive("intermediate_size");
    return new MoeDesign(
        OlmoBlocks.feedForward(decoder, layer),
        router,
        ExpertsDesign.of(module + ".experts", count, decoder.hidden(), width),
        Optional.empty());
  }
}
