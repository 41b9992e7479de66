package org.alphaquant.model.granitemoehybrid;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.AttentionDesign;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.GroupedQueryDesign;
import org.alphaquant.model.design.MambaDesign;
import org.alphaquant.model.design.MambaShape;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.granitemoe.GraniteFactors;
import org.alphaquant.model.granitemoe.GraniteMoeFamily;
import org.alphaquant.model.granitemoeshared.GraniteMoeSharedFamily;

/** Granite 4: Mamba-2 with some layers of attention, experts beside a shared MLP. */
public final class GraniteMoeHybridFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "granitemoehybrid",
        List.of("GraniteMoeHybridForCausalLM"),
        "Mamba-2; grouped-query on some layers, with or without rotary",
        "top-k of the logits, then softmax over those",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, GraniteFactors.style(config));
    MambaShape shape = shape(config, decoder.decoder().hidden());
    return decoder
        .blueprint(
            layer -> attention(decoder, shape, layer),
            layer -> GraniteMoeSharedFamily.feedForward(decoder.decoder(), config, layer, 1024))
        .storedAs(source, GraniteMoeFamily.STORED_NAMES);
  }

  private static MambaShape shape(ModelConfig config, long hidden) {
    long heads = config.positive("mamba_n_heads", 128);
    boolean given = config.root().path("mamba_d_head").isNumber();
    long width =
        given
            ? config.positive("mamba_d_head")
            : config.positive("mamba_expand", 2) * hidden / heads;
    return new MambaShape(
        heads,
        width,
        config.positive("mamba_n_groups", 1),
        config.positive("mamba_d_state", 256),
        config.positive("mamba_d_conv", 4),
        1);
  }

  private static AttentionDesign attention(
      GroupedQueryDecoder decoder, MambaShape shape, int layer) {
    ModelConfig config = decoder.config();
    DecoderConfig base = decoder.decoder();
    if (mamba(config, layer)) {
      return new MambaDesign(
          base.layer(layer) + "mamba",
          base.attentionResidual(layer),
          shape,
          config.flag("mamba_conv_bias", true),
          config.flag("mamba_proj_bias", false),
          0,
          Double.POSITIVE_INFINITY);
    }
    Scores scores = Scores.of(decoder.heads()).scaled(config.aboveZero("attention_multiplier", 1));
    GroupedQueryDesign attention =
        decoder.attention(
            layer, Projections.of(Biases.all(config.flag("attention_bias", false))), scores);
    boolean rotates = config.textOrNull("position_embedding_type").orElse("").equals("rope");
    return rotates ? attention : attention.rotated(Optional.empty());
  }

  // Published files say mamba and attention, transformers 5 linear_attention and full_attention.
  private static boolean mamba(ModelConfig config, int layer) {
    refuseStepLimits(config);
    String key = config.spelling("layer_types", "layers_block_type");
    List<String> types = config.textsOrNull(key);
    if (types.isEmpty()) {
      return true;
    }
    String type = layer < types.size() ? types.get(layer) : "missing";
    if (!Set.of("mamba", "linear_attention", "attention", "full_attention").contains(type)) {
      throw config.wrong(key, "is '" + type + "' for layer " + layer);
    }
    return Set.of("mamba", "linear_attention").contains(type);
  }

  // Without limits, as all published files have it: from 0 to infinity, however that is written.
  private static void refuseStepLimits(ModelConfig config) {
    String limit =
        config.missingOrNull("time_step_limit")
            ? ""
            : config.root().get("time_step_limit").toString();
    if (!limit.isEmpty() && !(limit.startsWith("[0") && limit.contains("Infinity"))) {
      throw config.wrong("time_step_limit", "is " + limit + "; only [0, Infinity] is supported");
    }
  }
}
