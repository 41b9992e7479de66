package org.alphaquant.storage.compressedtensors;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/** Results in compressed-tensors' formats. */
public final class CompressedTensorsStorage implements StorageFormat {

  @Override
  public String name() {
    return "compressed-tensors";
  }

  @Override
  public String loading() {
    return "The folder is in the compressed-tensors format: vLLM, SGLang and transformers (with\n"
        + "the compressed-tensors package) read it as it is, as far as they know its formats.";
  }

  @Override
  public Optional<String> refuses(ModuleScheme module) {
    return !module.isQuantized() || CompressionFormat.of(module.scheme()).isPresent()
        ? Optional.empty()
        : Optional.of("compressed-tensors has no format for " + module.scheme().label());
  }

  @Override
  public TensorScheme stored(TensorScheme scheme) {
    return CompressionFormat.written(scheme);
  }

  @Override
  public Codec codec(TensorScheme scheme) {
    return switch (CompressionFormat.of(scheme).orElseThrow()) {
      case PACK_QUANTIZED -> new PackedIntegers();
      case INT_QUANTIZED -> new ByteIntegers();
      case FLOAT_QUANTIZED, NAIVE_QUANTIZED -> new Fp8();
      case MXFP4_PACK_QUANTIZED -> new Mxfp4();
      case MXFP8_QUANTIZED -> new Mxfp8();
      case NVFP4_PACK_QUANTIZED -> new Nvfp4();
    };
  }

  @Override
  public double inputDivisor(TensorScheme scheme, Function<String, List<ByteBuffer>> bytes) {
    return Nvfp4.inputDivisor(scheme, bytes);
  }

  @Override
  public Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass) {
    return Optional.of(CompressedTensorsConfig.of(modules, expertsByClass));
  }

  @Override
  public Map<TargetRuntime, List<ServingRule>> readers() {
    return Map.of(
        TargetRuntime.VLLM, VllmRules.all(),
        TargetRuntime.SGLANG, SglangRules.all(),
        TargetRuntime.TRANSFORMERS, TransformersRules.all());
  }

  @Override
  public Optional<ObjectNode> keyValueCacheScheme() {
    return Optional.of(QuantizationArguments.keyValueCache());
  }
}
