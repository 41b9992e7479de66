package org.alphaquant.storage;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/**
 * A way to store results. Each has its own package below this one and a line in the list of
 * formats.
 *
 * <p>By default a result is a folder of safetensors shards with a config.json and one tensor per
 * plane of each module.
 */
public interface StorageFormat {

  /** Its JSON name. */
  String name();

  /** The sentence of the model card on how to load it. */
  String loading();

  /** The engines that read results of this format, with what each demands of one. */
  Map<TargetRuntime, List<ServingRule>> readers();

  /** Why this format cannot store the module in its scheme; empty where it can. */
  Optional<String> refuses(ModuleScheme module);

  /**
   * The scheme as an engine finds it in the result: without an activation that the format has no
   * place for.
   */
  TensorScheme stored(TensorScheme scheme);

  /**
   * The type that real scales are rounded to before codes are computed with them: 16 bits also
   * where the model's own weights have more.
   */
  default Dtype scaleDtype(Dtype model) {
    return sixteenBits(model);
  }

  /** The 16-bit type for a model's dtype: its own, or BF16, which has float32's range. */
  static Dtype sixteenBits(Dtype model) {
    return model == Dtype.F16 ? Dtype.F16 : Dtype.BF16;
  }

  /** Whether the dequantized values themselves are stored, and so are rounded to their type. */
  default boolean storesValues() {
    return false;
  }

  /** Whether a GPU's kernels take every step of solving into this format; else some are scripts. */
  default boolean solvedByKernels() {
    return true;
  }

  /**
   * The same with another dtype of unquantized matrices; empty where the format always keeps the
   * source's.
   *
   * @param dtype F32, F16 or BF16
   */
  default Optional<StorageFormat> withUnquantized(Dtype dtype) {
    return Optional.empty();
  }

  /** The same for one family, where what can be stored depends on it. */
  default StorageFormat of(String family) {
    return this;
  }

  /** How weights of a scheme are stored that {@link #refuses} does not refuse. */
  Codec codec(TensorScheme scheme);

  /** The planes of a quantized module. */
  default List<Plane> planes(ModuleScheme module, Dtype model) {
    return codec(module.scheme())
        .planes(
            module.scheme(), module.module().outFeatures(), module.module().inFeatures(), model);
  }

  /**
   * NVFP4's divisor of a module's inputs; 1 where there is none.
   *
   * @param scheme of the module, as it is stored
   * @param bytes gives the stored bytes of a plane by its suffix
   */
  default double inputDivisor(TensorScheme scheme, Function<String, List<ByteBuffer>> bytes) {
    return 1;
  }

  /**
   * The {@code quantization_config} of config.json; empty where there is none.
   *
   * @param modules every module that an engine may ask for, quantized or not; at least one is
   * @param expertsByClass whether routed experts of one scheme are targeted by the class name
   *     {@code Linear}, as older releases of SGLang need, where the format has such targets
   */
  Optional<ObjectNode> config(Collection<ModuleScheme> modules, boolean expertsByClass);

  /**
   * The entry of {@code quantization_config} for an fp8 cache of keys and values whose scales are
   * among the tensors; empty where the format has none.
   */
  default Optional<ObjectNode> keyValueCacheScheme() {
    return Optional.empty();
  }

  /** Every tensor of the result, in the order in which they are written. */
  default List<PlannedTensor> tensors(Content content) {
    return content.pieces(this);
  }

  /**
   * Why the result as a whole cannot be held, though each module can: a sentence each.
   *
   * @param source folder of the source, for its tokenizer
   * @param links which links in it may be followed
   */
  default List<String> obstacles(Content content, Path source, Links links) {
    return List.of();
  }

  /**
   * Tensors of the model that this format leaves out because its readers do not use them; all
   * others must be in {@link #tensors}.
   */
  default Set<String> leavesOut(Content content) {
    return Set.of();
  }

  /**
   * Differences between the computation of the format's engine and the model's, a sentence each.
   */
  default List<String> differences(Content content) {
    return List.of();
  }

  /**
   * Differences that the engine has with the model wherever it is served, small ones that its users
   * live with: said whatever the target.
   */
  default List<String> knownDifferences(Content content) {
    return List.of();
  }

  /** Why a module of codes and scales cannot be held to the last bit, though its scheme can. */
  default String inexact(ModuleScheme module) {
    return module.name() + " has scales or zero points that " + name() + " cannot hold exactly";
  }

  /** The replacements for schemes that the format cannot hold for their modules, by name. */
  default Map<String, Fallback> instead(Content content) {
    return Map.of();
  }

  /** The grid that a weight of {@code inputs} columns is solved on. */
  default WeightGrid grid(TensorScheme scheme, long inputs, Dtype model) {
    return WeightGrid.of(scheme, inputs, TorchTypes.of(scaleDtype(model)));
  }

  /**
   * Writes the result's files.
   *
   * @return those that were hashed while written
   */
  default List<WrittenFile> write(ResultFiles files) {
    return SafetensorsFolder.write(files);
  }

  /** Opens a result that {@link #write} has written. */
  default StoredResult open(Path folder) {
    return SafetensorsResult.open(folder);
  }
}
