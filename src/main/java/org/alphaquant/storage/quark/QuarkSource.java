package org.alphaquant.storage.quark;

import java.util.Map;
import java.util.Optional;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.EncodedTensor;
import org.alphaquant.storage.source.SourceQuantization;
import org.alphaquant.storage.source.SourceReader;
import org.alphaquant.storage.source.SourceTensor;
import tools.jackson.databind.JsonNode;

/** Reads MX formats in Quark's layout. */
public final class QuarkSource implements SourceReader {

  private static final String SCALE = "_scale";

  @Override
  public Optional<SourceTensor> find(Checkpoint checkpoint, String name, String stored) {
    return holds(checkpoint, stored)
        ? Optional.of(tensor(checkpoint, name, stored))
        : Optional.empty();
  }

  @Override
  public boolean belongs(Checkpoint checkpoint, String stored) {
    return stored.endsWith(".weight" + SCALE)
        && holds(checkpoint, stored.substring(0, stored.length() - SCALE.length()));
  }

  private static boolean holds(Checkpoint checkpoint, String stored) {
    return checkpoint.has(stored)
        && checkpoint.info(stored).dtype() == Dtype.U8
        && checkpoint.has(stored + SCALE)
        && SourceQuantization.method(checkpoint).equals("quark");
  }

  private static EncodedTensor tensor(Checkpoint checkpoint, String name, String stored) {
    TensorInfo codes = checkpoint.info(stored);
    TensorInfo scale = checkpoint.info(stored + SCALE);
    if (codes.shape().size() != 2 || scale.shape().size() != 2) {
      throw ModelException.tensor(
          stored, "has shape %s and scales %s".formatted(codes.shape(), scale.shape()));
    }
    String module = stored.substring(0, stored.lastIndexOf('.'));
    NumberFormat format = format(checkpoint, module);
    long rows = codes.shape().get(0);
    long columns = scale.shape().get(1) * format.blockSize();
    TensorScheme scheme = TensorScheme.of(format, format.blockSize());
    return EncodedTensor.of(checkpoint, name, module, scheme, new QuarkMx(), rows, columns);
  }

  // The shapes alone do not distinguish the two 6-bit formats.
  private static NumberFormat format(Checkpoint checkpoint, String module) {
    ModelConfig config = SourceQuantization.require(checkpoint, "there is " + module + ".weight");
    JsonNode scheme = config.root().path("global_quant_config");
    for (Map.Entry<String, JsonNode> layer :
        config.root().path("layer_quant_config").properties()) {
      String pattern = layer.getKey().replace(".", "\\.").replace("*", ".*");
      scheme = module.matches(pattern) ? layer.getValue() : scheme;
    }
    String dtype = scheme.at("/weight/dtype").asString("");
    return QuarkConfig.DTYPES.entrySet().stream()
        .filter(known -> known.getValue().equals(dtype))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(
            () ->
                ModelException.config(
                    "quantization_config",
                    "makes %s '%s'; of Quark's types %s are read"
                        .formatted(module, dtype, QuarkConfig.DTYPES.values())));
  }
}
