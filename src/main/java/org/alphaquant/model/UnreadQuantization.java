package org.alphaquant.model;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.storage.source.SourceQuantization;
import tools.jackson.databind.JsonNode;

/**
 * Explains that a checkpoint is quantized in an unsupported way and what to do, instead of naming
 * the first missing tensor. Plain weights are read whatever config.json says.
 */
final class UnreadQuantization {

  private static final Set<String> READ =
      Set.of("fp8", "compressed-tensors", "fbgemm_fp8", "mxfp4", "gptq", "quark");
  private static final Set<String> READ_FORMATS =
      Set.of(
          "pack-quantized",
          "mxfp4-pack-quantized",
          "mxfp8-quantized",
          "nvfp4-pack-quantized",
          "float-quantized",
          "naive-quantized",
          "int-quantized",
          "mixed-precision",
          "dense");

  /** Tools by {@code quant_method}; other methods go by that name. */
  private static final Map<String, String> TOOLS =
      Map.ofEntries(
          Map.entry("gptq", "GPTQ"),
          Map.entry("awq", "AWQ"),
          Map.entry("bitsandbytes", "bitsandbytes"),
          Map.entry("modelopt", "NVIDIA Model Optimizer"),
          Map.entry("modelopt_fp4", "NVIDIA Model Optimizer"),
          Map.entry("quark", "AMD Quark"),
          Map.entry("hqq", "HQQ"),
          Map.entry("eetq", "EETQ"),
          Map.entry("quanto", "Quanto"),
          Map.entry("torchao", "torchao"),
          Map.entry("auto-round", "AutoRound"),
          Map.entry("intel/auto-round", "AutoRound"),
          Map.entry("aqlm", "AQLM"),
          Map.entry("vptq", "VPTQ"),
          Map.entry("bitnet", "BitNet"),
          Map.entry("spqr", "SpQR"),
          Map.entry("fp_quant", "FP-Quant"),
          Map.entry("higgs", "HIGGS"),
          Map.entry("exl2", "ExLlamaV2"),
          Map.entry("exl3", "ExLlamaV3"),
          Map.entry("compressed-tensors", "compressed-tensors"));

  private static final List<String> SHOWN =
      List.of(
          "bits",
          "w_bit",
          "group_size",
          "q_group_size",
          "format",
          "checkpoint_format",
          "version",
          "quant_algo",
          "load_in_4bit",
          "load_in_8bit",
          "bnb_4bit_quant_type");

  /** Files that tools leave beside the weights where config.json says nothing. */
  private static final Map<String, String> FILES =
      Map.of(
          "quantize_config.json", "gptq",
          "quant_config.json", "awq",
          "hf_quant_config.json", "modelopt");

  /** How tools' tensors end, where nothing else names the tool. */
  private static final Map<String, String> TENSORS =
      Map.ofEntries(
          Map.entry(".qweight", "GPTQ or AWQ"),
          Map.entry(".weight.absmax", "bitsandbytes"),
          Map.entry(".SCB", "bitsandbytes"),
          Map.entry(".W_q", "HQQ"),
          Map.entry(".weight_scale_2", "NVIDIA Model Optimizer"),
          Map.entry(".weight._data", "Quanto"),
          Map.entry("_weight_qdata", "torchao"),
          Map.entry(".codebooks", "AQLM"),
          Map.entry(".trellis", "ExLlamaV3"),
          Map.entry(".biases", "MLX"));

  private UnreadQuantization() {}

  /** The given reason, or the unsupported quantization that causes it. */
  static ModelException explain(Checkpoint checkpoint, ModelException reason) {
    boolean ofTensors =
        reason.kind() == ModelException.Kind.TENSOR
            || reason.subject().startsWith("quantization_config");
    return ofTensors
        ? unread(checkpoint).map(what -> quantized(what, reason)).orElse(reason)
        : reason;
  }

  private static ModelException quantized(String what, ModelException reason) {
    return ModelException.quantized(
        "the checkpoint is quantized already: "
            + what
            + ", which is not read ("
            + reason.getMessage()
            + "). Take the model that it was made of, or a version of it whose weights are plain,"
            + " fp8, packed integers of compressed-tensors, or MXFP4 as gpt-oss has it");
  }

  private static Optional<String> unread(Checkpoint checkpoint) {
    Optional<ModelConfig> config = SourceQuantization.find(checkpoint);
    if (config.isEmpty()) {
      return ofFiles(checkpoint).or(() -> ofTensors(checkpoint));
    }
    String method = text(config.get().root(), "quant_method");
    if (method.isEmpty() && ofTensors(checkpoint).isPresent()) {
      return ofTensors(checkpoint);
    }
    String format = text(config.get().root(), "format");
    boolean read =
        READ.contains(method)
            && (!method.equals("compressed-tensors") || READ_FORMATS.contains(format))
            && !isMarlin(config.get().root());
    return read ? Optional.empty() : Optional.of(described(method, config.get().root()));
  }

  // GPTQ's codes in the order of one GPU kernel.
  private static boolean isMarlin(JsonNode config) {
    return text(config, "checkpoint_format").contains("marlin")
        || config.path("is_marlin_format").asBoolean(false);
  }

  private static String text(JsonNode config, String key) {
    return config.path(key).asString("");
  }

  private static String described(String method, JsonNode config) {
    String shown =
        SHOWN.stream()
            .filter(config::hasNonNull)
            .map(key -> ", " + key + " " + config.get(key).asString(""))
            .collect(Collectors.joining());
    return "quant_method '%s' (%s%s)"
        .formatted(method, TOOLS.getOrDefault(method, "another tool"), shown);
  }

  private static Optional<String> ofFiles(Checkpoint checkpoint) {
    return FILES.keySet().stream()
        .sorted()
        .filter(file -> Files.isRegularFile(checkpoint.folder().resolve(file)))
        .map(file -> "by %s, which leaves a %s".formatted(TOOLS.get(FILES.get(file)), file))
        .findFirst();
  }

  private static Optional<String> ofTensors(Checkpoint checkpoint) {
    return checkpoint.names().stream()
        .flatMap(
            name ->
                TENSORS.entrySet().stream()
                    .filter(tool -> name.endsWith(tool.getKey()))
                    .map(tool -> "by " + tool.getValue() + ", whose tensors are " + name))
        .map(named -> named + " and the like")
        .findFirst();
  }
}
