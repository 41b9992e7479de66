package org.alphaquant.checkpoint;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.alphaquant.checkpoint.WeightScheme.Layout;
import tools.jackson.databind.JsonNode;

/**
 * A checkpoint in the compressed-tensors layout, module by module. Reads configuration, names and
 * shapes, and of the data only {@code weight_shape}; who wants weights dequantizes them.
 */
public final class CompressedTensors {

  private static final String CONFIG = "quantization_config";
  private static final String PACKED = ".weight_packed";
  private static final String SCALE = ".weight_scale";
  private static final int BITS_OF_A_WORD = Integer.SIZE;

  private final Checkpoint checkpoint;
  private final QuantizationGroups groups;
  private final Map<String, QuantizedModule> modules = new LinkedHashMap<>();

  private CompressedTensors(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    this.groups =
        new QuantizationGroups(
            checkpoint.folder().resolve("config.json"), checkpoint.config().path(CONFIG));
    checkpoint.names().stream().filter(name -> name.endsWith(SCALE)).forEach(this::add);
    checkpoint.names().stream().filter(name -> name.endsWith(PACKED)).forEach(this::requireScale);
  }

  /** Whether a checkpoint says that it is quantized, in whatever layout. */
  public static boolean isQuantized(Checkpoint checkpoint) {
    JsonNode quantization = checkpoint.config().path(CONFIG);
    return !quantization.isMissingNode() && !quantization.isNull();
  }

  /**
   * Pairs the configuration of a quantized checkpoint with its tensors.
   *
   * @throws CheckpointException if it is no compressed-tensors checkpoint, a quantized module is
   *     covered by no group, or a tensor is missing or has not the dtype and shape its scheme
   *     demands
   */
  public static CompressedTensors of(Checkpoint checkpoint) {
    return new CompressedTensors(checkpoint);
  }

  /** All quantized modules by name, in the order of their data. */
  public Map<String, QuantizedModule> modules() {
    return Collections.unmodifiableMap(modules);
  }

  /** The module of this name, or nothing if its weight is stored as it is. */
  public Optional<QuantizedModule> module(String name) {
    return Optional.ofNullable(modules.get(name));
  }

  private void add(String scaleName) {
    String module = scaleName.substring(0, scaleName.length() - SCALE.length());
    WeightScheme scheme =
        groups
            .scheme(module)
            .orElseThrow(() -> problem(scaleName, "its module is ignored or covered by no target"));
    modules.put(module, quantized(module, scheme));
  }

  private QuantizedModule quantized(String module, WeightScheme scheme) {
    String codes = module + (scheme.layout().isPacked() ? PACKED : ".weight");
    List<Long> stored = require(codes, List.of(scheme.layout().codes())).shape();
    if (stored.size() != 2) {
      throw problem(codes, "has shape %s instead of two dimensions".formatted(stored));
    }
    long out = stored.get(0);
    long in = inFeatures(module, scheme, stored);
    requireShape(codes, List.of(out, scheme.codeColumns(in)));
    if (!scheme.divides(in)) {
      throw problem(
          codes,
          "its %d inputs are not a multiple of group_size %d".formatted(in, scheme.groupSize()));
    }
    requireScaleShape(module + SCALE, scheme, out, in);
    return new QuantizedModule(
        module,
        scheme,
        out,
        in,
        codes,
        module + SCALE,
        zeroPoint(module, scheme, out, in),
        groupIndex(module, scheme, in),
        globalScale(module, scheme));
  }

  private long inFeatures(String module, WeightScheme scheme, List<Long> stored) {
    if (scheme.layout() != Layout.PACK_QUANTIZED) {
      return scheme.layout().isPacked() ? stored.get(1) * Byte.SIZE / scheme.bits() : stored.get(1);
    }
    String name = module + ".weight_shape";
    require(name, List.of(Dtype.I64));
    requireShape(name, List.of(2L));
    ByteBuffer shape = checkpoint.bytes(name).get(0);
    long out = shape.getLong(0);
    long in = shape.getLong(Long.BYTES);
    if (out != stored.get(0) || in <= 0 || in > stored.get(1) * BITS_OF_A_WORD) {
      throw problem(name, "holds [%d, %d], but the codes have shape %s".formatted(out, in, stored));
    }
    return in;
  }

  private void requireScaleShape(String name, WeightScheme scheme, long out, long in) {
    TensorInfo info = require(name, scheme.layout().scales());
    if (scheme.groupSize() != WeightScheme.PER_TENSOR) {
      requireShape(name, List.of(out, scheme.groups(in)));
    } else if (info.elements() != 1) {
      throw problem(name, "has shape %s instead of one element".formatted(info.shape()));
    }
  }

  private Optional<String> zeroPoint(String module, WeightScheme scheme, long out, long in) {
    String name = module + ".weight_zero_point";
    if (scheme.symmetric()) {
      requireAbsent(name, "but its scheme is symmetric");
      return Optional.empty();
    }
    if (scheme.layout() == Layout.PACK_QUANTIZED) {
      require(name, List.of(Dtype.I32));
      long words = WeightScheme.divideUp(out * scheme.bits(), BITS_OF_A_WORD);
      requireShape(name, List.of(words, scheme.groups(in)));
    } else {
      require(name, List.of(Dtype.I8));
      requireShape(name, checkpoint.info(module + SCALE).shape());
    }
    return Optional.of(name);
  }

  private Optional<String> groupIndex(String module, WeightScheme scheme, long in) {
    String name = module + ".weight_g_idx";
    if (!scheme.groupIndexed()) {
      requireAbsent(name, "but its scheme has no actorder 'group'");
      return Optional.empty();
    }
    require(name, List.of(Dtype.I32));
    requireShape(name, List.of(in));
    return Optional.of(name);
  }

  private Optional<String> globalScale(String module, WeightScheme scheme) {
    if (scheme.layout() != Layout.NVFP4_PACK_QUANTIZED) {
      return Optional.empty();
    }
    String name = module + ".weight_global_scale";
    require(name, List.of(Dtype.F32));
    requireShape(name, List.of(1L));
    return Optional.of(name);
  }

  private TensorInfo require(String name, List<Dtype> dtypes) {
    if (!checkpoint.has(name)) {
      throw problem(name, "is missing");
    }
    TensorInfo info = checkpoint.info(name);
    if (!dtypes.contains(info.dtype())) {
      throw problem(name, "is %s; its scheme demands %s".formatted(info.dtype(), dtypes));
    }
    return info;
  }

  private void requireShape(String name, List<Long> shape) {
    List<Long> found = checkpoint.info(name).shape();
    if (!found.equals(shape)) {
      throw problem(name, "has shape %s; its scheme demands %s".formatted(found, shape));
    }
  }

  private void requireAbsent(String name, String because) {
    if (checkpoint.has(name)) {
      throw problem(name, "is present, " + because);
    }
  }

  private void requireScale(String packed) {
    String module = packed.substring(0, packed.length() - PACKED.length());
    if (!modules.containsKey(module)) {
      throw problem(module + SCALE, "is missing");
    }
  }

  private CheckpointException problem(String tensor, String detail) {
    return CheckpointException.ofTensor(Kind.QUANTIZED_TENSOR, checkpoint.folder(), tensor, detail);
  }
}
