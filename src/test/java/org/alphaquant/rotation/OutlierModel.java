package org.alphaquant.rotation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.Model;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.model.design.NormDesign;
import org.alphaquant.model.design.StreamMap;
import org.alphaquant.model.design.StreamTensor;
import org.alphaquant.model.design.StreamTensor.Values;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * Writes a model of the same function whose linears read outliers: a few dimensions of what norms
 * give are multiplied by a power of two and the columns that read them divided by it, and so for
 * one dimension of every head's values. Stored in BF16, which holds both exactly.
 *
 * <pre>OutlierModel SOURCE TARGET CHANNELS FACTOR</pre>
 */
final class OutlierModel {

  private final int channels;
  private final float factor;
  private final int width;
  private final StreamMap map;

  private OutlierModel(StreamMap map, int channels, float factor) {
    this.map = map;
    this.width = Math.toIntExact(map.width());
    this.channels = channels;
    this.factor = factor;
  }

  public static void main(String[] args) throws IOException {
    Path from = Path.of(args[0]);
    Path to = Files.createDirectories(Path.of(args[1]));
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("outliers");
        Checkpoint checkpoint = Checkpoint.open(from)) {
      RecognisedModel recognised = ModelFamilies.recognise(checkpoint, null);
      OutlierModel outliers =
          new OutlierModel(
              recognised.stream(), Integer.parseInt(args[2]), Float.parseFloat(args[3]));
      Model model = recognised.open(scope);
      List<TensorSource> tensors = new ArrayList<>();
      for (TensorSource plain : recognised.plainTensors()) {
        tensors.add(outliers.scaled(scope, model, plain.info()));
      }
      SafetensorsWriter.write(to.resolve("model.safetensors"), tensors);
    }
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(it -> !it.toString().contains("safetensors")).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private TensorSource scaled(TensorScope scope, Model model, TensorInfo info) {
    float[] values = scope.toFloats(model.floats(scope, info.name()));
    for (NormDesign norm : map.norms()) {
      boolean last = norm.equals(map.norms().get(map.norms().size() - 1));
      if (!last && info.name().equals(norm.name() + ".weight")) {
        columns(values, factor);
      }
    }
    for (StreamTensor tensor : map.tensors()) {
      if (tensor.weight().equals(info.name())) {
        scale(tensor, values);
      }
    }
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
    }
    return TensorSource.of(new TensorInfo(info.name(), Dtype.BF16, info.shape()), bytes.flip());
  }

  private void scale(StreamTensor tensor, float... values) {
    // The head reads what it read: its norm is left alone.
    boolean head = tensor.norm().equals(Optional.of(map.norms().get(map.norms().size() - 1)));
    if (tensor.norm().isPresent() && !head) {
      columns(values, 1 / factor);
    }
    tensor.values().ifPresent(own -> heads(tensor, own, values));
  }

  private void columns(float[] values, float by) {
    for (int row = 0; row < values.length / width; row++) {
      for (int c = 0; c < channels; c++) {
        values[row * width + c * (width / channels) + width / (2 * channels)] *= by;
      }
    }
  }

  // The first dimension of every head: rows of what makes values, columns of what reads them.
  private void heads(StreamTensor tensor, Values own, float... values) {
    int columns = tensor.writes() ? values.length / width : width;
    for (int i = 0; i < values.length; i++) {
      long place = tensor.writes() ? i % columns : i / columns;
      long within = place - own.first();
      if (within >= 0 && within % own.stride() == 0 && within / own.stride() < own.heads()) {
        values[i] *= tensor.writes() ? 1 / factor : factor;
      }
    }
  }
}
