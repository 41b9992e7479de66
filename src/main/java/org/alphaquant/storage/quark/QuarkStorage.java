package org.alphaquant.storage.quark;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/** Results in the layout of AMD Quark 0.12. */
public final class QuarkStorage implements StorageFormat {

  @Override
  public String name() {
    return "quark";
  }

  @Override
  public String loading() {
    return "The folder is in AMD Quark's layout.";
  }

  @Override
  public Optional<String> refuses(ModuleScheme module) {
    return !module.isQuantized() || QuarkConfig.DTYPES.containsKey(module.scheme().format())
        ? Optional.empty()
        : Optional.of(
            "quark's layout is written for mxfp4 and mxfp6, not " + module.scheme().label());
  }

  @Override
  public TensorScheme stored(TensorScheme scheme) {
    return scheme.activation() == scheme.format()
        ? scheme
        : scheme.withActivation(NumberFormat.BF16);
  }

  @Override
  public Codec codec(TensorScheme scheme) {
    return new QuarkMx();
  }

  @Override
  public Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass) {
    return Optional.of(QuarkConfig.of(modules));
  }

  @Override
  public Map<TargetRuntime, List<ServingRule>> readers() {
    return QuarkReaders.all();
  }
}
