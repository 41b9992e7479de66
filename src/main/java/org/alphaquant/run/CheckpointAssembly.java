package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.ShardedWriter;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.scheme.plan.Plan;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Puts the finished layers and everything that stays as it is together to one checkpoint folder
 * that engines load: shards, config.json with the {@code quantization_config}, tokenizer and
 * generation files.
 */
final class CheckpointAssembly {

  // What an engine may want beside the weights; custom code belongs to hub-only architectures.
  private static final String COMPANIONS =
      "(tokenizer.*|special_tokens_map\\.json|added_tokens\\.json|vocab\\..*|merges\\.txt"
          + "|generation_config\\.json|chat_template.*|preprocessor_config\\.json|.*\\.tiktoken"
          + "|(configuration|modeling|tokenization)_.*\\.py|LICENSE.*|NOTICE.*)";

  private static final JsonMapper JSON = JsonMapper.shared();

  private final Checkpoint source;
  private final ModelDescription description;
  private final Plan plan;
  private final Path folder;

  CheckpointAssembly(PreparedJob prepared, Path folder) {
    this.source = prepared.source();
    this.description = prepared.description();
    this.plan = prepared.plan();
    this.folder = folder;
  }

  /** Writes the folder from the layers' files. */
  void write(List<SafetensorsFile> layers, long maxShardBytes) {
    Map<String, List<TensorSource>> quantized = byModule(layers);
    List<TensorSource> tensors = new ArrayList<>();
    for (TensorSource tensor : ModelFamilies.plainTensors(source, description)) {
      tensors.addAll(inPlaceOf(tensor, quantized));
    }
    quantized.values().forEach(tensors::addAll);
    ShardedWriter.write(folder, tensors, maxShardBytes);
    try {
      writeConfig();
      copyCompanions();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, List<TensorSource>> byModule(List<SafetensorsFile> layers) {
    Map<String, List<TensorSource>> modules = new LinkedHashMap<>();
    for (SafetensorsFile layer : layers) {
      for (String name : layer.names()) {
        String module = name.substring(0, name.lastIndexOf('.'));
        modules.computeIfAbsent(module, m -> new ArrayList<>()).add(layer.source(name));
      }
    }
    return modules;
  }

  // A quantized module's tensors stand where its weight stood, so that shards keep the model's
  // order.
  private List<TensorSource> inPlaceOf(
      TensorSource tensor, Map<String, List<TensorSource>> quantized) {
    String name = tensor.info().name();
    String module = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    if (name.equals(module + ".weight") && quantized.containsKey(module)) {
      return quantized.remove(module);
    }
    return List.of(tensor);
  }

  private void writeConfig() throws IOException {
    ObjectNode config = (ObjectNode) source.config().deepCopy();
    config.remove("quantization_config");
    plan.quantizationConfig()
        .ifPresent(quantization -> config.set("quantization_config", quantization));
    Files.writeString(
        folder.resolve("config.json"),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
  }

  private void copyCompanions() throws IOException {
    try (Stream<Path> files = Files.list(source.folder())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.getFileName().toString().matches(COMPANIONS)) {
          Files.copy(
              file,
              folder.resolve(file.getFileName().toString()),
              StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }
}
