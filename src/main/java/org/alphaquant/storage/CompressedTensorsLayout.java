package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;

/**
 * Tensors of one module in compressed-tensors (0.18, {@code compressors/}): suffixes, element types
 * and shapes for {@code N} rows, {@code K} columns, {@code G} groups per row, {@code b} bits.
 */
final class CompressedTensorsLayout {
  private CompressedTensorsLayout() {}

  static List<TensorInfo> of(ExportModule module, Dtype scaleDtype) {
    long rows = module.outFeatures();
    long columns = module.inFeatures();
    TensorInfo scale = module.tensor("weight_scale", scaleDtype, rows, module.groups());
    TensorInfo bytes = module.tensor("weight", Dtype.F8_E4M3, rows, columns);
    TensorInfo nibbles = module.tensor("weight_packed", Dtype.U8, rows, columns / 2);
    TensorInfo exponents = module.tensor("weight_scale", Dtype.U8, rows, module.groups());
    return switch (CompressedTensorsFormat.of(module.scheme()).orElseThrow()) {
      case PACK_QUANTIZED -> packed(module, scale);
      case INT_QUANTIZED -> integers(module, scale);
      case FLOAT_QUANTIZED, NAIVE_QUANTIZED -> List.of(bytes, scale);
      case MXFP4_PACK_QUANTIZED -> List.of(nibbles, exponents);
      case MXFP8_QUANTIZED -> List.of(bytes, exponents);
      case NVFP4_PACK_QUANTIZED -> nvfp4(module, nibbles);
    };
  }

  /** Rows are packed one by one; zero points are packed down the columns. */
  private static List<TensorInfo> packed(ExportModule module, TensorInfo scale) {
    long rows = module.outFeatures();
    List<TensorInfo> tensors = new ArrayList<>();
    tensors.add(module.tensor("weight_packed", Dtype.I32, rows, module.words(module.inFeatures())));
    tensors.add(scale);
    tensors.add(module.tensor("weight_shape", Dtype.I64, 2));
    if (!module.scheme().symmetric()) {
      tensors.add(
          module.tensor("weight_zero_point", Dtype.I32, module.words(rows), module.groups()));
    }
    return tensors;
  }

  private static List<TensorInfo> integers(ExportModule module, TensorInfo scale) {
    long rows = module.outFeatures();
    List<TensorInfo> tensors = new ArrayList<>();
    tensors.add(module.tensor("weight", Dtype.I8, rows, module.inFeatures()));
    tensors.add(scale);
    if (!module.scheme().symmetric()) {
      tensors.add(module.tensor("weight_zero_point", Dtype.I8, rows, module.groups()));
    }
    return tensors;
  }

  private static List<TensorInfo> nvfp4(ExportModule module, TensorInfo nibbles) {
    List<TensorInfo> tensors = new ArrayList<>();
    tensors.add(nibbles);
    long rows = module.outFeatures();
    tensors.add(module.tensor("weight_scale", Dtype.F8_E4M3, rows, module.groups()));
    tensors.add(module.tensor("weight_global_scale", Dtype.F32, 1));
    if (CompressedTensorsFormat.keepsActivation(module.scheme())) {
      tensors.add(module.tensor("input_global_scale", Dtype.F32, 1));
    }
    return tensors;
  }
}
