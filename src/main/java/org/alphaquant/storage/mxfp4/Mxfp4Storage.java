package org.alphaquant.storage.mxfp4;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.plain.PublishedStacks;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Results as gpt-oss is published: all experts in MXFP4, everything else plain (transformers 5.18,
 * {@code integrations/mxfp4.py} and {@code quantizer_mxfp4.py}).
 */
public final class Mxfp4Storage implements StorageFormat {

  private static final Set<TargetRuntime> READERS =
      Set.of(TargetRuntime.VLLM, TargetRuntime.SGLANG, TargetRuntime.TRANSFORMERS);

  /** Modules that stay plain, as published config.json files name them. */
  private static final List<String> PLAIN =
      List.of(
          "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head");

  @Override
  public String name() {
    return "mxfp4";
  }

  @Override
  public String loading() {
    return "The folder is in gpt-oss's own layout of MXFP4: vLLM, SGLang and transformers read it.";
  }

  @Override
  public Optional<String> refuses(ModuleScheme module) {
    boolean held = module.isExpert() && module.scheme().format() == NumberFormat.MXFP4;
    return !module.isQuantized() || held
        ? Optional.empty()
        : Optional.of("mxfp4's layout holds routed experts in mxfp4, everything else plain");
  }

  @Override
  public TensorScheme stored(TensorScheme scheme) {
    return scheme.withActivation(NumberFormat.BF16);
  }

  @Override
  public Codec codec(TensorScheme scheme) {
    return new Mxfp4Planes();
  }

  /** Whether a model is published so, and all of its experts are to be mxfp4 and nothing else. */
  public static boolean holds(ModelDescription description, Collection<ModuleScheme> quantized) {
    return isPublishedSo(description)
        && quantized.size() == experts(description)
        && quantized.stream()
            .allMatch(
                module -> module.isExpert() && module.scheme().format() == NumberFormat.MXFP4);
  }

  @Override
  public List<String> obstacles(Content content, Path source, Links links) {
    List<String> obstacles = new ArrayList<>();
    if (!isPublishedSo(content.description())) {
      obstacles.add(
          "mxfp4's layout is gpt-oss's own, and engines read it of that family alone; the model is "
              + content.description().family());
    } else if (content.quantized().size() < experts(content.description())) {
      obstacles.add(
          "mxfp4's layout has no place for experts that are not quantized; %d of %d linears are"
              .formatted(content.quantized().size(), experts(content.description())));
    }
    return obstacles;
  }

  private static boolean isPublishedSo(ModelDescription description) {
    Set<Arrangement> arrangements =
        description.layerList().stream()
            .map(LayerDescription::fusedExperts)
            .flatMap(Optional::stream)
            .map(FusedExperts::arrangement)
            .collect(Collectors.toSet());
    return arrangements.equals(Set.of(Arrangement.INTERLEAVED));
  }

  private static long experts(ModelDescription description) {
    return description.linears().stream()
        .map(ModuleDescription::expert)
        .filter(e -> e >= 0)
        .count();
  }

  @Override
  public List<PlannedTensor> tensors(Content content) {
    List<PlannedTensor> stacked = Mxfp4Stacks.of(content.description(), content.pieces(this));
    return PublishedStacks.biases(content.description(), stacked);
  }

  @Override
  public Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass) {
    ObjectNode config = JsonNodeFactory.instance.objectNode().put("quant_method", name());
    ArrayNode plain = config.putArray("modules_to_not_convert");
    PLAIN.forEach(plain::add);
    return Optional.of(config);
  }

  @Override
  public Map<TargetRuntime, List<ServingRule>> readers() {
    return READERS.stream().collect(Collectors.toMap(target -> target, target -> List.of()));
  }
}
