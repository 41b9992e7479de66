package org.alphaquant.storage.gguf;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.Fallback;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultFiles;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/**
 * Results as GGUF files, which llama.cpp, Ollama and LM Studio run.
 *
 * @param unquantized what matrices are stored in that are not quantized, F32, F16 or BF16; null for
 *     the source's own
 * @param outerScales whether the engine multiplies by a scale of each whole matrix of a layer, as
 *     NVFP4 has one
 */
public record GgufStorage(Dtype unquantized, boolean outerScales) implements StorageFormat {

  /** For a family that is not known yet. */
  public GgufStorage(Dtype unquantized) {
    this(unquantized, false);
  }

  static final String NAME = "model";

  /** Names of the first file of a model, or its only one. */
  static final String FIRST_FILE = NAME + "(-00001-of-\\d{5})?\\.gguf";

  @Override
  public Optional<StorageFormat> withUnquantized(Dtype dtype) {
    return Optional.of(new GgufStorage(dtype, outerScales));
  }

  @Override
  public StorageFormat of(String family) {
    return new GgufStorage(
        unquantized, EngineFamilies.of(family).map(EngineFamily::outerScales).orElse(false));
  }

  @Override
  public String name() {
    return "gguf";
  }

  @Override
  public boolean solvedByKernels() {
    return false;
  }

  @Override
  public String loading() {
    return "The model is a GGUF file for llama.cpp, Ollama and LM Studio; `llama-server -m"
        + " model.gguf` serves it.";
  }

  @Override
  public Optional<String> refuses(ModuleScheme module) {
    if (!module.isQuantized()) {
      return Optional.empty();
    }
    TensorScheme scheme = module.scheme();
    Optional<GgufType> type = GgufScheme.type(scheme);
    if (type.isEmpty()) {
      return Optional.of(
          "gguf has no type for %s; the nearest is %s"
              .formatted(scheme.label(), GgufScheme.nearest(scheme)));
    }
    if (outerScales && type.get() == GgufType.NVFP4 && module.kind().isProtected()) {
      return Optional.of(
          "llama.cpp has no place for the scale of the whole tensor that NVFP4 has; mxfp4 is the nearest");
    }
    long row = module.module().inFeatures();
    return type.get().divides(row)
        ? Optional.empty()
        : Optional.of(
            "%s needs rows of a multiple of %d and these are %d; unquantized (bf16) is the nearest"
                .formatted(type.get(), type.get().blockSize(), row));
  }

  @Override
  public String inexact(ModuleScheme module) {
    GgufType type = GgufScheme.type(module.scheme()).orElseThrow();
    String reason =
        switch (type) {
          case NVFP4 ->
              outerScales
                  ? "its scale of the whole tensor is no power of two"
                  : "its scales are below one of the whole tensor, for which there is no place";
          case Q4_1, Q5_1 ->
              "a scale, or a scale times its zero point, is no half-precision number";
          default -> "a scale is no half-precision number";
        };
    return "%s cannot be held exactly as %s, the nearest type: %s"
        .formatted(module.name(), type, reason);
  }

  @Override
  public Map<String, Fallback> instead(Content content) {
    return new GgufFallbacks(new GgufContent(content, this).wanted()).of(content.quantized());
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
  public WeightGrid grid(TensorScheme scheme, long inputs, Dtype model) {
    WeightGrid whole = StorageFormat.super.grid(scheme, inputs, model);
    WeightGrid grid = outerScales ? whole.withOuterPower() : whole.withoutOuterScale();
    return grid.levels() == null ? grid.withMinima().withEitherSign() : grid;
  }

  @Override
  public Codec codec(TensorScheme scheme) {
    GgufType type = GgufScheme.type(scheme).orElseThrow();
    return new GgufCodec(type, outerScales && type == GgufType.NVFP4);
  }

  @Override
  public Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass) {
    return Optional.empty();
  }

  @Override
  public List<String> obstacles(Content content, Path source, Links links) {
    return new GgufContent(content, this).obstacles(source, links);
  }

  /** llama.cpp predicts one token at a time: layers that predict further ones have no place. */
  @Override
  public Set<String> leavesOut(Content content) {
    return Set.copyOf(content.description().unread());
  }

  @Override
  public List<String> differences(Content content) {
    return new GgufContent(content, this).model().map(GgufModel::differences).orElse(List.of());
  }

  @Override
  public List<String> knownDifferences(Content content) {
    return new GgufContent(content, this)
        .model()
        .map(GgufModel::knownDifferences)
        .orElse(List.of());
  }

  @Override
  public List<PlannedTensor> tensors(Content content) {
    return new GgufContent(content, this).planned();
  }

  @Override
  public List<WrittenFile> write(ResultFiles files) {
    return new GgufContent(files.content(), this).write(files);
  }

  @Override
  public StoredResult open(Path folder) {
    return GgufResult.open(folder, Links.OWN);
  }

  /**
   * Rules of llama.cpp 0.5.0, found by running it; differences in arithmetic belong to the model.
   */
  @Override
  public Map<TargetRuntime, List<ServingRule>> readers() {
    return Map.of(TargetRuntime.LLAMA_CPP, List.of());
  }
}
