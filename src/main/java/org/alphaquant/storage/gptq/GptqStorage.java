package org.alphaquant.storage.gptq;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/** Results in GPTQ's format, version 1. */
public final class GptqStorage implements StorageFormat {

  private static final Set<Integer> BITS = Set.of(2, 3, 4, 8);
  private static final int MULTIPLE = 32;

  @Override
  public String name() {
    return "gptq";
  }

  @Override
  public String loading() {
    return "The folder is in GPTQ's format, version 1: vLLM, SGLang and GPTQModel read it.";
  }

  @Override
  public Optional<String> refuses(ModuleScheme module) {
    TensorScheme scheme = module.scheme();
    ModuleDescription weight = module.module();
    if (!module.isQuantized()) {
      return Optional.empty();
    }
    if (scheme.format().kind() != Kind.INT || !BITS.contains(scheme.format().bits())) {
      return Optional.of("gptq holds int2, int3, int4 and int8, not " + scheme.format().jsonName());
    }
    if (!scheme.symmetric()) {
      return Optional.of("gptq version 1 is read unambiguously only where it is symmetric");
    }
    if (weight.outFeatures() % MULTIPLE != 0 || weight.inFeatures() % MULTIPLE != 0) {
      return Optional.of(
          "gptq packs multiples of 32 rows and columns, and %s is [%d, %d]"
              .formatted(weight.name(), weight.outFeatures(), weight.inFeatures()));
    }
    return Optional.empty();
  }

  @Override
  public TensorScheme stored(TensorScheme scheme) {
    return scheme.withActivation(NumberFormat.BF16);
  }

  @Override
  public Dtype scaleDtype(Dtype model) {
    return Dtype.F16;
  }

  @Override
  public Codec codec(TensorScheme scheme) {
    return new GptqWords(true);
  }

  @Override
  public Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass) {
    return Optional.of(GptqConfig.of(modules));
  }

  @Override
  public Map<TargetRuntime, List<ServingRule>> readers() {
    return GptqReaders.all();
  }
}
