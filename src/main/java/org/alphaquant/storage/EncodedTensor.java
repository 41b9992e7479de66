package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;

/**
 * A matrix of a checkpoint in a codec's planes. Plain, it is BF16.
 *
 * @param info name and shape in the model
 * @param module its name in the checkpoint, without {@code .weight}
 * @param coded its scheme, without what its inputs are rounded to
 */
public record EncodedTensor(
    Checkpoint checkpoint, TensorInfo info, String module, TensorScheme coded, CodedWeight codec)
    implements SourceTensor, TensorSource {

  private static final List<Dtype> REAL = List.of(Dtype.F16, Dtype.BF16, Dtype.F32);

  /** A matrix [rows, columns] named {@code <name>} in the model. */
  public static EncodedTensor of(
      Checkpoint checkpoint,
      String name,
      String module,
      TensorScheme scheme,
      CodedWeight codec,
      long rows,
      long columns) {
    TensorInfo info = new TensorInfo(name, Dtype.BF16, List.of(rows, columns));
    return new EncodedTensor(checkpoint, info, module, scheme, codec);
  }

  @Override
  public Optional<TensorScheme> scheme() {
    return Optional.of(coded);
  }

  @Override
  public EncodedTensor checked() {
    long columns = info.shape().get(1);
    if (!coded.divides(columns)) {
      throw ModelException.tensor(
          info.name(),
          "has rows of %d, which groups of %d do not divide".formatted(columns, coded.groupSize()));
    }
    for (Plane plane : planned()) {
      String name = plane.of(module).name();
      if (!checkpoint.has(name)) {
        throw ModelException.tensor(name, "is missing beside the rest of " + info.name());
      }
      TensorInfo found = checkpoint.info(name);
      boolean real = REAL.contains(plane.dtype()) && REAL.contains(found.dtype());
      boolean narrower = plane.dtype() == Dtype.I64 && found.dtype() == Dtype.I32;
      if (!real && !narrower && found.dtype() != plane.dtype()
          || !found.shape().equals(plane.shape())) {
        throw ModelException.tensor(
            name,
            "is %s %s but must be %s %s"
                .formatted(found.dtype(), found.shape(), plane.dtype(), plane.shape()));
      }
    }
    return this;
  }

  @Override
  public List<TensorInfo> stored() {
    return planes().stream().map(plane -> checkpoint.info(plane.of(module).name())).toList();
  }

  @Override
  public ScaledCodes codes(TensorScope scope) {
    long[] shape = {info.shape().get(0), info.shape().get(1)};
    try {
      return codec.read(scope, coded, new Planes(scope, shape[0], shape[1], planes(), this::bytes));
    } catch (IllegalArgumentException wrong) {
      throw ModelException.tensor(info.name(), wrong.getMessage());
    }
  }

  private List<ByteBuffer> bytes(String suffix) {
    return checkpoint.bytes(module + "." + suffix);
  }

  private List<Plane> planned() {
    return codec.planes(coded, info.shape().get(0), info.shape().get(1), Dtype.BF16);
  }

  // Other tools' scales may have another dtype than ours.
  private List<Plane> planes() {
    List<Plane> planes = new ArrayList<>();
    for (Plane plane : planned()) {
      TensorInfo found = checkpoint.info(plane.of(module).name());
      planes.add(new Plane(plane.suffix(), found.dtype(), found.shape(), plane.encoding()));
    }
    return planes;
  }

  @Override
  public NDArray load(TensorScope scope) {
    try (TensorScope loading = scope.child(info.name())) {
      return loading.keep(scope, codes(loading).dequantized(loading));
    }
  }

  @Override
  public TensorSource plain() {
    return this;
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    synchronized (Cpu.TORCH) {
      try (TensorScope scope = Cpu.TORCH.scope(info.name())) {
        ByteBuffer bytes =
            scope.toBytes(QuantizedBatch.bytes(scope, load(scope), TorchDtype.BFLOAT16));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    }
  }

  // Opened once for the life of the process: compiling the scripts takes longer than a tensor.
  private static final class Cpu {
    static final Torch TORCH = Torch.open("cpu");
  }
}
