package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorInfo;

/**
 * A result in GGUF as a checkpoint of its family: its tensors under the model's own names, those of
 * quantized weights as float32. The file lists the model's tensors beside llama.cpp's metadata.
 */
public final class GgufCheckpoint {

  private static final String TENSORS = "alphaquant.tensors";

  private GgufCheckpoint() {}

  /** Whether a folder's weights are in GGUF. */
  public static boolean isIn(Path folder) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      return names.stream().anyMatch(name -> name.matches(GgufStorage.FIRST_FILE))
          && names.stream().noneMatch(name -> name.startsWith("model.safetensors"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Opens a result.
   *
   * @param describes describes the model from config.json and the tensors' names and shapes
   * @throws GgufException if the file is malformed, or was not written by this program
   */
  public static Checkpoint open(
      Path folder, Links links, Function<Checkpoint, ModelDescription> describes) {
    GgufResult result = GgufResult.open(folder, links);
    try {
      Map<String, TensorInfo> tensors = tensors(result.files().get(0));
      ModelTensors weights = new ModelTensors(result, tensors);
      Checkpoint checkpoint = Checkpoint.of(folder, links, weights);
      Map<String, List<Long>> shapes = new LinkedHashMap<>();
      tensors.forEach((name, info) -> shapes.put(name, info.shape()));
      weights.layOut(
          GgufModel.of(checkpoint.config(), describes.apply(checkpoint), shapes)
              .orElseThrow(
                  () -> new GgufException("model.gguf", "is of a family that is not known here")));
      return checkpoint;
    } catch (RuntimeException problem) {
      result.close();
      throw problem;
    }
  }

  /** The first file's list of the model's tensors. */
  static MetadataValue listed(List<TensorInfo> tensors) {
    return MetadataValue.strings(
        tensors.stream()
            .map(
                tensor ->
                    "%s %s %s"
                        .formatted(
                            tensor.name(),
                            tensor.dtype(),
                            String.join(
                                ",", tensor.shape().stream().map(String::valueOf).toList())))
            .toList());
  }

  static String key() {
    return TENSORS;
  }

  private static Map<String, TensorInfo> tensors(GgufFile file) {
    MetadataValue listed = file.metadata().get(TENSORS);
    if (listed == null || listed.elements() != MetadataValue.Type.STRING) {
      throw new GgufException(
          "model.gguf",
          "does not say which of the model's tensors it holds (%s); only results of this program are read"
              .formatted(TENSORS));
    }
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    for (Object line : (List<?>) listed.value()) {
      TensorInfo info = info((String) line);
      tensors.put(info.name(), info);
    }
    return tensors;
  }

  private static TensorInfo info(String line) {
    String[] fields = line.split(" ");
    try {
      List<Long> shape = new ArrayList<>();
      for (String length : fields[2].split(",")) {
        shape.add(Long.valueOf(length));
      }
      return new TensorInfo(fields[0], Dtype.valueOf(fields[1]), shape);
    } catch (RuntimeException wrong) {
      throw new GgufException("model.gguf", "lists the tensor " + Arrays.toString(fields), wrong);
    }
  }
}
