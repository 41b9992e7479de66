package org.alphaquant.storage.plain;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.TwoLevels;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/** Results in plain tensors, as the family publishes its own. */
public final class PlainStorage implements StorageFormat {

  @Override
  public String name() {
    return "dequantized";
  }

  @Override
  public String loading() {
    return "The weights are plain tensors again, and load wherever the source does.";
  }

  @Override
  public Optional<String> refuses(ModuleScheme module) {
    boolean levels = module.scheme().format().kind() == NumberFormat.Kind.K;
    long inputs = module.module().inFeatures();
    return levels && inputs % TwoLevels.BLOCK != 0
        ? Optional.of(
            "%s has one scale for every %d weights, which does not divide the %d input features of %s"
                .formatted(
                    module.scheme().format().jsonName(), TwoLevels.BLOCK, inputs, module.name()))
        : Optional.empty();
  }

  @Override
  public TensorScheme stored(TensorScheme scheme) {
    return scheme.withActivation(NumberFormat.BF16);
  }

  @Override
  public boolean storesValues() {
    return true;
  }

  @Override
  public Codec codec(TensorScheme scheme) {
    return new PlainValues();
  }

  @Override
  public List<PlannedTensor> tensors(Content content) {
    return PublishedStacks.of(content.description(), content.pieces(this));
  }

  @Override
  public List<String> obstacles(Content content, Path source, Links links) {
    return PublishedStacks.mixed(content.description(), content.pieces(this)).stream()
        .limit(1)
        .toList();
  }

  @Override
  public Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass) {
    return Optional.empty();
  }

  @Override
  public Map<TargetRuntime, List<ServingRule>> readers() {
    return Map.of(
        TargetRuntime.VLLM, List.of(),
        TargetRuntime.SGLANG, List.of(),
        TargetRuntime.TRANSFORMERS, List.of());
  }
}
