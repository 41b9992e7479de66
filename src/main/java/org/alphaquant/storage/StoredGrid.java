package org.alphaquant.storage;

import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.torch.TorchDtype;

/** What a checkpoint format does to scales. */
public final class StoredGrid {

  private StoredGrid() {}

  /** The dtype that scales are rounded to before codes are computed with them. */
  public static TorchDtype scaleDtype(OutputFormat format, Dtype model) {
    return switch (format) {
      case GPTQ -> TorchDtype.FLOAT16;
      case COMPRESSED_TENSORS, QUARK, DEQUANTIZED -> StoredLinear.torchDtype(model);
    };
  }
}
