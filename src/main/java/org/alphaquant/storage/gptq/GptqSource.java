package org.alphaquant.storage.gptq;

import java.util.Optional;
import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.EncodedTensor;
import org.alphaquant.storage.source.SourceQuantization;
import org.alphaquant.storage.source.SourceReader;
import org.alphaquant.storage.source.SourceTensor;

/** Reads weights in GPTQ's format, versions 1 and 2; bits and groups follow from the shapes. */
public final class GptqSource implements SourceReader {

  private static final Set<String> PARTS = Set.of("qweight", "qzeros", "scales", "g_idx");
  private static final int WORD = Integer.SIZE;

  @Override
  public Optional<SourceTensor> find(Checkpoint checkpoint, String name, String stored) {
    String module = module(stored);
    return stored.endsWith(".weight") && holds(checkpoint, module)
        ? Optional.of(tensor(checkpoint, name, module))
        : Optional.empty();
  }

  @Override
  public boolean belongs(Checkpoint checkpoint, String stored) {
    return PARTS.contains(stored.substring(stored.lastIndexOf('.') + 1))
        && holds(checkpoint, module(stored));
  }

  private static String module(String stored) {
    return stored.substring(0, Math.max(0, stored.lastIndexOf('.')));
  }

  // AWQ's tensors have the same names.
  private static boolean holds(Checkpoint checkpoint, String module) {
    return checkpoint.has(module + ".qweight")
        && SourceQuantization.method(checkpoint).equals("gptq");
  }

  private static EncodedTensor tensor(Checkpoint checkpoint, String name, String module) {
    ModelConfig config = SourceQuantization.require(checkpoint, "there is " + module + ".qweight");
    TensorInfo words = matrix(checkpoint, module + ".qweight");
    TensorInfo zeros = matrix(checkpoint, module + ".qzeros");
    long rows = words.shape().get(1);
    long bits = zeros.shape().get(1) * WORD / Math.max(1, rows);
    NumberFormat format =
        NumberFormat.named("int" + bits)
            .orElseThrow(
                () ->
                    ModelException.tensor(
                        zeros.name(),
                        "has shape %s, which are zero points of no number of bits for %d outputs"
                            .formatted(zeros.shape(), rows)));
    long columns = words.shape().get(0) * WORD / bits;
    long groups = zeros.shape().get(0);
    if (groups < 1 || columns % groups != 0) {
      throw ModelException.tensor(
          zeros.name(), "has %d groups, which do not divide %d inputs".formatted(groups, columns));
    }
    boolean symmetric = config.root().path("sym").asBoolean(true);
    TensorScheme scheme =
        new TensorScheme(format, (int) (columns / groups), symmetric, NumberFormat.BF16);
    boolean first = !config.root().path("checkpoint_format").asString("").equals("gptq_v2");
    return EncodedTensor.of(checkpoint, name, module, scheme, new GptqWords(first), rows, columns);
  }

  private static TensorInfo matrix(Checkpoint checkpoint, String name) {
    if (!checkpoint.has(name)) {
      throw ModelException.tensor(name, "is missing beside the rest of its weight");
    }
    TensorInfo info = checkpoint.info(name);
    if (info.shape().size() != 2) {
      throw ModelException.tensor(name, "has shape " + info.shape() + ", not two dimensions");
    }
    return info;
  }
}
