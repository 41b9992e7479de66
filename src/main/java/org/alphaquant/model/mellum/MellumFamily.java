package org.alphaquant.model.mellum;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.design.Style;
import org.alphaquant.model.qwen2moe.QwenExperts;

/** Mellum 2: Qwen3-MoE whose sliding layers have a rotation of their own. */
public final class MellumFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mellum",
        List.of("MellumForCausalLM"),
        "grouped-query; RMSNorm per head; sliding window and own rotation on some layers",
        "softmax over all experts, then top-k; renormalised unless norm_topk_prob is false",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    DecoderConfig base = DecoderConfig.read(source, 1e-6, 131_072, Style.PLAIN);
    HeadShape heads = HeadShape.read(config, 4, 128);
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    RotaryConfig full = RotaryConfig.ofKind(config, false, "", 500_000, base.positions());
    RotaryConfig local = RotaryConfig.ofKind(config, true, "", 10_000, base.positions());
    GroupedQueryDecoder decoder = new GroupedQueryDecoder(config, base, heads, full);
    GroupedQueryDecoder sliding = new GroupedQueryDecoder(config, base, heads, local);
    return decoder.blueprint(
        layer -> {
          boolean slides = SlidingWindow.allButEvery(0, config, layer);
          long window = slides ? SlidingWindow.everywhere(config, 1024) : 0;
          return (slides ? sliding : decoder)
              .attention(layer, projections, Scores.of(heads).within(window));
        },
        layer -> feedForward(source, decoder, layer));
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, GroupedQueryDecoder decoder, int layer) {
    ModelConfig config = decoder.config();
    DecoderConfig base = decoder.decoder();
    if (!DeepseekExperts.sparse(source, base, layer, 0)) {
      return decoder.dense(layer, false);
    }
    String module = base.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_experts", "num_local_experts"), 64);
    LinearDesign gate = new LinearDesign(module + ".gate", count, base.hidden());
    RouterDesign router =
        SoftmaxRouterDesign.plain(
            gate, config.count("num_experts_per_tok", 8), config.flag("norm_topk_prob", true));
    return base.sparse(
        layer, router, QwenExperts.experts(base, config, module + ".experts", count), null);
  }
}
