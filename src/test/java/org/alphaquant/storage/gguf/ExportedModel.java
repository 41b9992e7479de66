package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.ModelFamilies;

/** A model folder without quantization as GGUF. */
final class ExportedModel {

  private ExportedModel() {}

  /**
   * Writes {@code model.gguf}, or what is wrong with the model.
   *
   * @param matrix type of what is neither norm, bias nor router
   * @return sentences; empty where the file was written
   */
  static List<String> write(Path source, Path target, GgufType matrix, long maxBytes)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Map<String, TensorSource> tensors = new LinkedHashMap<>();
      Map<String, List<Long>> shapes = new HashMap<>();
      for (TensorSource tensor : ModelFamilies.recognise(checkpoint, null).plainTensors()) {
        tensors.put(tensor.info().name(), tensor);
        shapes.put(tensor.info().name(), tensor.info().shape());
      }
      GgufModel model =
          GgufModel.of(checkpoint.config(), description, shapes)
              .orElseThrow(() -> new AssertionError("no architecture for " + description.family()));
      List<String> wrong = new ArrayList<>(model.differences());
      wrong.addAll(model.homeless());
      if (!wrong.isEmpty()) {
        return wrong;
      }
      Map<String, MetadataValue> metadata = new LinkedHashMap<>(model.metadata("model"));
      metadata.putAll(
          GgufTokenizer.metadata(
              tokenizer(source, target), Links.OWN, checkpoint.config(), description.vocabulary()));
      List<AssembledTensor> all =
          model.tensors().stream()
              .map(
                  tensor ->
                      new AssembledTensor(
                          tensor,
                          tensor.matrix() ? matrix : GgufType.F32,
                          name -> TensorData.plain(tensors.get(name))))
              .toList();
      List<GgufTensor> written = all.stream().map(AssembledTensor::written).toList();
      GgufWriter.write(target, "model", metadata, written, maxBytes);
      return List.of();
    }
  }

  // Models without a tokenizer have few tokens; one of letters will do for them.
  private static Path tokenizer(Path source, Path target) throws IOException {
    if (Files.exists(source.resolve("tokenizer.json"))) {
      return source;
    }
    String vocabulary =
        IntStream.range(0, 26)
            .mapToObj(i -> "\"%c\":%d".formatted('a' + i, i))
            .collect(Collectors.joining(","));
    Files.writeString(
        target.resolve("tokenizer.json"),
        """
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
         "model": {"type": "BPE", "vocab": {%s, "Ċ": 26, "ab": 27}, "merges": ["a b"]}}
        """
            .formatted(vocabulary));
    return target;
  }
}
