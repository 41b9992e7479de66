package org.alphaquant.storage.source.mxfp4;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Optional;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.source.BrainFloats;
import org.alphaquant.storage.source.ByteRange;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.source.StoredFloats;
import org.alphaquant.storage.source.Strided;
import org.alphaquant.torch.TensorScope;

/**
 * Some rows of one matrix of an MXFP4 stack; plain, they are BF16.
 *
 * @param info name, type and shape of the rows once they are plain
 * @param stack name of the stack, without {@code _blocks}
 * @param matrix which matrix of the stack
 * @param height rows of every matrix of the stack
 * @param rows which of them
 */
public record Mxfp4Rows(
    Checkpoint checkpoint, TensorInfo info, String stack, int matrix, long height, Strided rows)
    implements SourceTensor, TensorSource {

  private static final float[] E2M1 = {
    0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6
  };
  private static final int BIAS = 127;

  @Override
  public List<TensorInfo> stored() {
    return List.of(checkpoint.info(Mxfp4.blocks(stack)), checkpoint.info(Mxfp4.scales(stack)));
  }

  @Override
  public NDArray load(TensorScope scope) {
    try (TensorScope loading = scope.child(info.name())) {
      NDArray floats =
          loading.run(
              "weights.dequantize_mxfp4",
              part(loading, Mxfp4.blocks(stack)),
              part(loading, Mxfp4.scales(stack)));
      return loading.keep(scope, floats);
    }
  }

  @Override
  public Optional<TensorScheme> scheme() {
    return Optional.of(TensorScheme.of(NumberFormat.MXFP4, Mxfp4.BLOCK));
  }

  @Override
  public ScaledCodes codes(TensorScope scope) {
    long columns = info.shape().get(1);
    NDArray bytes =
        scope.run(
            "tensor.reshape",
            part(scope, Mxfp4.blocks(stack)),
            new long[] {info.shape().get(0), columns / 2});
    return ScaledCodes.symmetric(
        scope,
        scheme().orElseThrow(),
        scope.run("packing.unpack", bytes, 4, columns),
        scope.run("packing.powers_of_two", part(scope, Mxfp4.scales(stack))));
  }

  private NDArray part(TensorScope scope, String name) {
    NDArray all = StoredFloats.element(scope, checkpoint, name, matrix);
    return scope.run(
        "weights.rows", all, rows.first(), rows.at(info.shape().get(0) - 1) + 1, rows.step());
  }

  @Override
  public TensorSource plain() {
    return this;
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    List<ByteBuffer> blocks = checkpoint.bytes(Mxfp4.blocks(stack));
    List<ByteBuffer> scales = checkpoint.bytes(Mxfp4.scales(stack));
    long columns = info.shape().get(1);
    BrainFloats out = new BrainFloats(channel);
    for (long r = 0; r < info.shape().get(0); r++) {
      long row = matrix * height + rows.at(r);
      ByteBuffer codes = ByteRange.joined(blocks, row * columns / 2, columns / 2);
      ByteBuffer exponents =
          ByteRange.joined(scales, row * columns / Mxfp4.BLOCK, columns / Mxfp4.BLOCK);
      for (int c = 0; c < columns; c++) {
        int pair = codes.get(c / 2);
        float value = E2M1[(c % 2 == 0 ? pair : pair >> 4) & 15];
        out.write(Math.scalb(value, (exponents.get(c / Mxfp4.BLOCK) & 0xff) - BIAS));
      }
    }
    out.flush();
  }
}
