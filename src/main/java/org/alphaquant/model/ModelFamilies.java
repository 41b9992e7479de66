package org.alphaquant.model;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.afmoe.AfmoeFamily;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.model.cohere2.Cohere2Family;
import org.alphaquant.model.deepseek.DeepseekFamily;
import org.alphaquant.model.deepseekv2.DeepseekV2Family;
import org.alphaquant.model.deepseekv3.DeepseekV3Family;
import org.alphaquant.model.deepseekv32.DeepseekV32Family;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.dots1.Dots1Family;
import org.alphaquant.model.ernie45.Ernie45Family;
import org.alphaquant.model.ernie45moe.Ernie45MoeFamily;
import org.alphaquant.model.exaone4.Exaone4Family;
import org.alphaquant.model.exaonemoe.ExaoneMoeFamily;
import org.alphaquant.model.flexolmo.FlexOlmoFamily;
import org.alphaquant.model.gemma2.Gemma2Family;
import org.alphaquant.model.gemma3.Gemma3Family;
import org.alphaquant.model.gemma4.Gemma4Family;
import org.alphaquant.model.glm4.Glm4Family;
import org.alphaquant.model.glm4moe.Glm4MoeFamily;
import org.alphaquant.model.glm4moelite.Glm4MoeLiteFamily;
import org.alphaquant.model.glmmoedsa.GlmMoeDsaFamily;
import org.alphaquant.model.gptoss.GptOssFamily;
import org.alphaquant.model.granite.GraniteFamily;
import org.alphaquant.model.granitemoe.GraniteMoeFamily;
import org.alphaquant.model.granitemoehybrid.GraniteMoeHybridFamily;
import org.alphaquant.model.granitemoeshared.GraniteMoeSharedFamily;
import org.alphaquant.model.hunyuandense.HunYuanDenseFamily;
import org.alphaquant.model.hunyuanmoe.HunYuanMoeFamily;
import org.alphaquant.model.hyv3.HyV3Family;
import org.alphaquant.model.kimik2.KimiK2Family;
import org.alphaquant.model.kimilinear.KimiLinearFamily;
import org.alphaquant.model.laguna.LagunaFamily;
import org.alphaquant.model.lfm2moe.Lfm2MoeFamily;
import org.alphaquant.model.llama.LlamaFamily;
import org.alphaquant.model.llama4.Llama4Family;
import org.alphaquant.model.mellum.MellumFamily;
import org.alphaquant.model.mimo.MimoFamily;
import org.alphaquant.model.mimov2flash.MiMoV2FlashFamily;
import org.alphaquant.model.minimaxm2.MiniMaxM2Family;
import org.alphaquant.model.ministral.MinistralFamily;
import org.alphaquant.model.ministral3.Ministral3Family;
import org.alphaquant.model.mistral.MistralFamily;
import org.alphaquant.model.mistral4.Mistral4Family;
import org.alphaquant.model.mixtral.MixtralFamily;
import org.alphaquant.model.nemotronh.NemotronHFamily;
import org.alphaquant.model.olmo2.Olmo2Family;
import org.alphaquant.model.olmo3.Olmo3Family;
import org.alphaquant.model.olmoe.OlmoeFamily;
import org.alphaquant.model.phi3.Phi3Family;
import org.alphaquant.model.phimoe.PhiMoeFamily;
import org.alphaquant.model.qwen2.Qwen2Family;
import org.alphaquant.model.qwen2moe.Qwen2MoeFamily;
import org.alphaquant.model.qwen3.Qwen3Family;
import org.alphaquant.model.qwen35.Qwen35Family;
import org.alphaquant.model.qwen35moe.Qwen35MoeFamily;
import org.alphaquant.model.qwen3moe.Qwen3MoeFamily;
import org.alphaquant.model.qwen3next.Qwen3NextFamily;
import org.alphaquant.model.qwen3vl.Qwen3VlFamily;
import org.alphaquant.model.qwen3vlmoe.Qwen3VlMoeFamily;
import org.alphaquant.model.seedoss.SeedOssFamily;
import org.alphaquant.model.smollm3.SmolLm3Family;
import org.alphaquant.model.solaropen.SolarOpenFamily;
import org.alphaquant.storage.source.SourceQuantization;
import org.alphaquant.torch.TensorScope;

/** Every family that can be quantized. */
public final class ModelFamilies {

  static final List<ModelFamily> FAMILIES =
      List.of(
          new OlmoeFamily(),
          new MixtralFamily(),
          new Qwen2MoeFamily(),
          new Qwen3MoeFamily(),
          new DeepseekFamily(),
          new DeepseekV2Family(),
          new DeepseekV3Family(),
          new Glm4MoeFamily(),
          new GraniteMoeFamily(),
          new PhiMoeFamily(),
          new GptOssFamily(),
          new LlamaFamily(),
          new MistralFamily(),
          new Qwen2Family(),
          new Qwen3Family(),
          new Ministral3Family(),
          new MinistralFamily(),
          new SeedOssFamily(),
          new MimoFamily(),
          new GraniteFamily(),
          new SmolLm3Family(),
          new Phi3Family(),
          new Gemma2Family(),
          new Gemma3Family(),
          new Olmo2Family(),
          new Olmo3Family(),
          new Glm4Family(),
          new Exaone4Family(),
          new Cohere2Family(),
          new Ernie45Family(),
          new HunYuanDenseFamily(),
          new KimiK2Family(),
          new Glm4MoeLiteFamily(),
          new DeepseekV32Family(),
          new GlmMoeDsaFamily(),
          new MiniMaxM2Family(),
          new SolarOpenFamily(),
          new Dots1Family(),
          new ExaoneMoeFamily(),
          new HyV3Family(),
          new Qwen3NextFamily(),
          new Qwen35Family(),
          new Qwen35MoeFamily(),
          new Qwen3VlFamily(),
          new Qwen3VlMoeFamily(),
          new Ernie45MoeFamily(),
          new HunYuanMoeFamily(),
          new FlexOlmoFamily(),
          new MellumFamily(),
          new AfmoeFamily(),
          new LagunaFamily(),
          new MiMoV2FlashFamily(),
          new GraniteMoeSharedFamily(),
          new GraniteMoeHybridFamily(),
          new Lfm2MoeFamily(),
          new NemotronHFamily(),
          new Gemma4Family(),
          new Llama4Family(),
          new KimiLinearFamily(),
          new Mistral4Family());

  private ModelFamilies() {}

  /** The known families. */
  public static List<FamilyDescription> known() {
    return FAMILIES.stream().map(ModelFamily::description).toList();
  }

  /**
   * Recognises a checkpoint and checks config.json and every tensor's name, type and shape against
   * each other, without computing anything.
   *
   * @param modelType the family to take it for, or null to find out
   * @throws ModelException if the family is unknown or the checkpoint does not fit it
   */
  public static RecognisedModel recognise(Checkpoint checkpoint, String modelType) {
    try {
      return recognised(checkpoint, modelType);
    } catch (ModelException reason) {
      throw UnreadQuantization.explain(checkpoint, reason);
    }
  }

  private static RecognisedModel recognised(Checkpoint checkpoint, String modelType) {
    FamilyDetection detection = FamilyDetection.of(FAMILIES, checkpoint, modelType);
    SourceQuantization.refuseTransforms(checkpoint);
    ModelSource source = ModelSource.of(checkpoint);
    Blueprint blueprint = detection.family().checkedBlueprint(source);
    return new RecognisedModel(detection, checkpoint, blueprint, source.config().defaults());
  }

  /** The description of a checkpoint that {@link #recognise} recognises. */
  public static ModelDescription describe(Checkpoint checkpoint, String modelType) {
    return recognise(checkpoint, modelType).description();
  }

  /**
   * Opens another checkpoint of a described model, a result for example.
   *
   * @param scope owns the embedding and the head once they are used
   */
  public static Model open(Checkpoint checkpoint, ModelDescription description, TensorScope scope) {
    return open(checkpoint, description, scope, WeightOverlay.NONE);
  }

  /** Opens another checkpoint of a described model with some weights replaced. */
  public static Model open(
      Checkpoint checkpoint,
      ModelDescription description,
      TensorScope scope,
      WeightOverlay overlay) {
    ModelFamily family = FamilyDetection.named(FAMILIES, description.family());
    Blueprint blueprint = family.blueprint(ModelSource.of(checkpoint));
    return new Model(checkpoint, description, blueprint, scope, overlay);
  }
}
