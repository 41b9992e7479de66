package org.alphaquant.storage;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import tools.jackson.databind.node.ObjectNode;

/** The kinds of checkpoint that can be written. */
public enum OutputFormat {
  /** Read by vLLM, SGLang and transformers. */
  COMPRESSED_TENSORS("compressed-tensors") {
    @Override
    Optional<String> obstacle(ExportModule module) {
      return CompressedTensorsFormat.of(module.scheme()).isPresent()
          ? Optional.empty()
          : Optional.of("compressed-tensors has no format for " + module.scheme().label());
    }

    @Override
    List<TensorInfo> quantized(ExportModule module, Dtype dtype) {
      return CompressedTensorsLayout.of(module, dtype);
    }

    @Override
    ObjectNode config(Collection<ExportModule> modules, boolean expertsByClass) {
      return CompressedTensorsConfig.of(modules, expertsByClass);
    }

    @Override
    boolean keepsActivation(ExportModule module) {
      return CompressedTensorsFormat.keepsActivation(module.scheme());
    }
  },

  /** GPTQ version 1: integers, read by vLLM, SGLang and GPTQModel. */
  GPTQ("gptq") {
    @Override
    Optional<String> obstacle(ExportModule module) {
      return GptqLayout.obstacle(module);
    }

    @Override
    List<TensorInfo> quantized(ExportModule module, Dtype dtype) {
      return GptqLayout.of(module);
    }

    @Override
    ObjectNode config(Collection<ExportModule> modules, boolean expertsByClass) {
      return GptqConfig.of(modules);
    }
  },

  /** AMD Quark's: the one layout that packs MXFP6, read by vLLM. */
  QUARK("quark") {
    @Override
    Optional<String> obstacle(ExportModule module) {
      return QuarkConfig.obstacle(module);
    }

    @Override
    List<TensorInfo> quantized(ExportModule module, Dtype dtype) {
      return QuarkConfig.layout(module);
    }

    @Override
    ObjectNode config(Collection<ExportModule> modules, boolean expertsByClass) {
      return QuarkConfig.of(modules);
    }

    @Override
    boolean keepsActivation(ExportModule module) {
      return module.scheme().activation() == module.scheme().format();
    }
  },

  /** The quantized values in the model's own dtype: loads everywhere and saves no space. */
  DEQUANTIZED("dequantized") {
    @Override
    Optional<String> obstacle(ExportModule module) {
      return Optional.empty();
    }

    @Override
    List<TensorInfo> quantized(ExportModule module, Dtype dtype) {
      return List.of(plain(module, dtype));
    }

    @Override
    ObjectNode config(Collection<ExportModule> modules, boolean expertsByClass) {
      return null;
    }
  };

  private final String jsonName;

  OutputFormat(String jsonName) {
    this.jsonName = jsonName;
  }

  /** The format of that JSON name. */
  public static Optional<OutputFormat> named(String jsonName) {
    return Arrays.stream(values()).filter(format -> format.jsonName.equals(jsonName)).findFirst();
  }

  /** Every JSON name. */
  public static List<String> jsonNames() {
    return Arrays.stream(values()).map(OutputFormat::jsonName).toList();
  }

  /**
   * The format that holds every module and that most programs read: compressed-tensors, else
   * Quark's, else dequantized.
   */
  public static OutputFormat choose(Collection<ExportModule> modules) {
    return List.of(COMPRESSED_TENSORS, QUARK).stream()
        .filter(format -> modules.stream().noneMatch(module -> format.refuses(module).isPresent()))
        .findFirst()
        .orElse(DEQUANTIZED);
  }

  public String jsonName() {
    return jsonName;
  }

  /** Why this format cannot hold the module; empty where it can. */
  public Optional<String> refuses(ExportModule module) {
    return module.isQuantized() ? obstacle(module) : Optional.empty();
  }

  /** Whether the format says to an engine what the module's inputs are to be rounded to. */
  public boolean holdsActivation(ExportModule module) {
    return keepsActivation(module);
  }

  /**
   * The tensors that hold the module's weight.
   *
   * @param module a module that {@link #refuses} has nothing against
   * @param dtype the model's own dtype, in which plain weights and most scales are stored
   */
  public List<TensorInfo> tensors(ExportModule module, Dtype dtype) {
    return module.isQuantized() ? quantized(module, dtype) : List.of(plain(module, dtype));
  }

  /**
   * The {@code quantization_config} of config.json; empty where there is none to be written.
   *
   * @param modules every linear module of the model, routers and head included
   * @param expertsByClass see {@link CompressedTensorsConfig#of}; of no effect on other formats
   */
  public Optional<ObjectNode> quantizationConfig(
      Collection<ExportModule> modules, boolean expertsByClass) {
    boolean any = modules.stream().anyMatch(ExportModule::isQuantized);
    return any ? Optional.ofNullable(config(modules, expertsByClass)) : Optional.empty();
  }

  abstract Optional<String> obstacle(ExportModule module);

  abstract List<TensorInfo> quantized(ExportModule module, Dtype dtype);

  abstract ObjectNode config(Collection<ExportModule> modules, boolean expertsByClass);

  boolean keepsActivation(ExportModule module) {
    return false;
  }

  private static TensorInfo plain(ExportModule module, Dtype dtype) {
    return module.tensor("weight", dtype, module.outFeatures(), module.inFeatures());
  }
}
