package org.alphaquant.storage.compressedtensors;

import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code weights} and {@code input_activations} objects of compressed-tensors (0.18, {@code
 * quantization/quant_args.py}).
 */
final class QuantizationArguments {
  private QuantizationArguments() {}

  static ObjectNode weights(TensorScheme scheme) {
    NumberFormat format = scheme.format();
    ObjectNode arguments = number(format, scheme.symmetric());
    if (format.kind() == Kind.NV) {
      arguments.put("strategy", "tensor_group").put("group_size", format.blockSize());
    } else if (scheme.isPerChannel()) {
      arguments.put("strategy", "channel");
      channelGroupSize(arguments, scheme);
    } else {
      arguments.put("strategy", "group").put("group_size", scheme.groupSize());
    }
    return rest(arguments, format, scheme.symmetric(), "minmax").put("dynamic", false);
  }

  /**
   * Null is the same to the library, but some releases of vLLM stumble over it in packed experts.
   */
  private static void channelGroupSize(ObjectNode arguments, TensorScheme scheme) {
    boolean packed =
        CompressionFormat.of(scheme).filter(CompressionFormat.PACK_QUANTIZED::equals).isPresent();
    if (packed) {
      arguments.put("group_size", TensorScheme.PER_CHANNEL);
    } else {
      arguments.putNull("group_size");
    }
  }

  static ObjectNode inputs(NumberFormat format) {
    ObjectNode arguments = number(format, true);
    if (format.kind() == Kind.NV) {
      arguments.put("strategy", "tensor_group").put("group_size", format.blockSize());
      return rest(arguments, format, true, "static_minmax").put("dynamic", "local");
    }
    if (format.kind() == Kind.MX) {
      arguments.put("strategy", "group").put("group_size", format.blockSize());
    } else {
      arguments.put("strategy", "token").putNull("group_size");
    }
    return rest(arguments, format, true, null).put("dynamic", true);
  }

  /** E4M3 with one scale a layer for keys and one for values. */
  static ObjectNode keyValueCache() {
    NumberFormat format = NumberFormat.FP8_E4M3;
    ObjectNode arguments = number(format, true).put("strategy", "tensor").putNull("group_size");
    return rest(arguments, format, true, "minmax").put("dynamic", false);
  }

  private static ObjectNode number(NumberFormat format, boolean symmetric) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("num_bits", format.bits())
        .put("type", format.kind() == Kind.INT ? "int" : "float")
        .put("symmetric", symmetric);
  }

  private static ObjectNode rest(
      ObjectNode arguments, NumberFormat format, boolean symmetric, String observer) {
    arguments.putNull("block_structure").putNull("dynamic").putNull("actorder");
    return arguments
        .put("scale_dtype", scaleDtype(format))
        .put("zp_dtype", symmetric ? null : "torch.int8")
        .put("observer", observer)
        .set("observer_kwargs", JsonNodeFactory.instance.objectNode());
  }

  private static String scaleDtype(NumberFormat format) {
    return switch (format.scale()) {
      case E8M0 -> "torch.uint8";
      case E4M3_WITH_GLOBAL -> "torch.float8_e4m3fn";
      default -> null;
    };
  }
}
