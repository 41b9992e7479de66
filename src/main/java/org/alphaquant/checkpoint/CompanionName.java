package org.alphaquant.checkpoint;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which companion files of a model are copied to the result: all except weights, their indexes,
 * hidden files and other quantizers' files, because no list could cover what engines, processors
 * and custom code read.
 */
public final class CompanionName {

  private static final Pattern WEIGHTS =
      Pattern.compile(
          ".*\\.(safetensors|bin|pt|pth|ckpt|pkl|gguf|ggml|onnx|onnx_data|h5|msgpack|npz|ot|tflite"
              + "|mlmodel|nemo|llamafile|distcp|index\\.json)(\\.data)?");

  private static final Set<String> QUANTIZATION =
      Set.of(
          "quantize_config.json",
          "quant_config.json",
          "quantization_config.json",
          "hf_quant_config.json",
          "quant_log.csv",
          "recipe.yaml",
          "imatrix.dat");

  private CompanionName() {}

  /**
   * Why a file is left out; empty where it is copied.
   *
   * @param path below the model's folder, with {@code /} between names
   */
  public static Optional<String> leftOut(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    if (path.startsWith(".") || path.contains("/.") || path.contains("__pycache__")) {
      return Optional.of("hidden");
    }
    if (WEIGHTS.matcher(name).matches()) {
      return Optional.of("weights");
    }
    return QUANTIZATION.contains(name)
        ? Optional.of("of another tool's quantization")
        : Optional.empty();
  }
}
