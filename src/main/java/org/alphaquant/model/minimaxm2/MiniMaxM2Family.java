package org.alphaquant.model.minimaxm2;

import java.util.List;
import java.util.Set;
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
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.StoredNames;

/**
 * MiniMax-M2: whole projections are normalised, half of each head rotated; Mixtral names and the
 * router of DeepSeek-V3.
 */
public final class MiniMaxM2Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 196_608, 8, 128, 5_000_000, 0.999);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "minimax_m2",
        List.of("MiniMaxM2ForCausalLM"),
        "grouped-query; RMSNorm over whole projections; partial rotary",
        "sigmoid plus correction bias, top-k, renormalised",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("scoring_func", "sigmoid", Set.of("sigmoid"));
    config.oneOf("qk_norm_type", "per_layer", Set.of("per_layer"));
    config.refuse("use_routing_bias", false);
    if (config.integerOrNull("shared_intermediate_size").orElse(0) != 0) {
      throw config.wrong("shared_intermediate_size", "is not 0; shared experts are not supported");
    }
    GroupedQueryDecoder read = GroupedQueryDecoder.read(source, DEFAULTS);
    GroupedQueryDecoder decoder =
        new GroupedQueryDecoder(config, read.decoder(), read.heads(), rotary(read));
    QueryKeyNorm norm = config.flag("use_qk_norm", true) ? QueryKeyNorm.WHOLE : QueryKeyNorm.NONE;
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, Projections.of(norm)),
            layer -> experts(decoder.decoder(), config, layer))
        .storedAs(source, StoredNames.MIXTRAL);
  }

  // Published files give the rotated dimensions as a number, transformers as a share of the head.
  private static RotaryConfig rotary(GroupedQueryDecoder read) {
    ModelConfig config = read.config();
    double whole = read.heads().dimension();
    double part = config.missing("rotary_dim") ? 1 : config.positive("rotary_dim") / whole;
    return RotaryConfig.readPartial(config, 5_000_000, read.decoder().positions(), part);
  }

  private static MoeDesign experts(DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "block_sparse_moe";
    int count = config.count(config.spelling("num_local_experts", "num_experts"), 256);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    RouterDesign router =
        new SigmoidRouterDesign(
            gate,
            module + ".e_score_correction_bias",
            config.count("num_experts_per_tok", 8),
            1,
            1,
            true,
            1);
    ExpertsDesign.Names names =
        new ExpertsDesign.Names(module + ".experts", List.of("w1", "w3", "w2"));
    long width = config.positive("intermediate_size");
    return decoder.sparse(
        layer, router, ExpertsDesign.of(names, count, decoder.hidden(), width), null);
  }
}
