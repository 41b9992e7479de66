package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.alphaquant.request.ClientPresence;

/** Finds and opens the weight files of a checkpoint folder, and checks them against its index. */
final class WeightFiles implements TensorFiles {

  static final String SINGLE = "model.safetensors";
  private static final Set<String> PICKLED = Set.of("bin", "pt", "pth", "ckpt", "pkl");

  private final List<SafetensorsFile> files;
  private final Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();

  private WeightFiles(List<SafetensorsFile> files) {
    this.files = files;
    files.forEach(file -> file.names().forEach(name -> add(name, file)));
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(byTensor.keySet());
  }

  @Override
  public TensorInfo info(String name) {
    return byTensor.get(name).info(name);
  }

  @Override
  public List<ByteBuffer> bytes(String name) {
    return byTensor.get(name).bytes(name);
  }

  @Override
  public void read(String name, Consumer<ByteBuffer> piece) {
    byTensor.get(name).read(name, piece);
  }

  @Override
  public TensorSource source(String name) {
    return byTensor.get(name).source(name);
  }

  @Override
  public List<Path> paths() {
    return files.stream().map(SafetensorsFile::path).toList();
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }

  static WeightFiles open(Path folder, Links links) {
    Path single = folder.resolve(SINGLE);
    Path index = folder.resolve(ShardIndex.NAME);
    boolean hasSingle = Files.isRegularFile(single);
    if (!Files.isRegularFile(index)) {
      if (!hasSingle) {
        throw noWeights(folder);
      }
      return opened(List.of(single), null, links);
    }
    ShardIndex shards = ShardIndex.read(index, links);
    if (hasSingle && !shards.fileNames().contains(SINGLE)) {
      throw CheckpointException.of(
          Kind.AMBIGUOUS_WEIGHTS,
          folder,
          "holds %s and an %s that does not name it; remove the one that is stale"
              .formatted(SINGLE, ShardIndex.NAME));
    }
    requirePresent(folder, shards);
    return opened(shards.fileNames().stream().map(folder::resolve).toList(), shards, links);
  }

  private static WeightFiles opened(List<Path> paths, ShardIndex index, Links links) {
    List<SafetensorsFile> files = new ArrayList<>();
    try {
      for (Path path : paths) {
        ClientPresence.require();
        files.add(SafetensorsFile.open(path, links));
      }
      WeightFiles weights = new WeightFiles(List.copyOf(files));
      if (index != null) {
        weights.requireAgreement(index);
      }
      return weights;
    } catch (RuntimeException problem) {
      files.forEach(SafetensorsFile::close);
      throw problem;
    }
  }

  private static void requirePresent(Path folder, ShardIndex index) {
    List<String> missing =
        index.fileNames().stream()
            .filter(name -> !Files.isRegularFile(folder.resolve(name)))
            .toList();
    if (!missing.isEmpty()) {
      throw CheckpointException.of(
          Kind.SHARD_MISSING,
          index.file(),
          "%d of the %d shards it names are missing, the first is %s"
              .formatted(missing.size(), index.fileNames().size(), quote(missing.get(0))));
    }
  }

  private void requireAgreement(ShardIndex index) {
    index
        .shards()
        .forEach(
            (tensor, shard) -> {
              SafetensorsFile holder = byTensor.get(tensor);
              if (holder == null || !holder.path().getFileName().toString().equals(shard)) {
                throw CheckpointException.ofTensor(
                    Kind.TENSOR_NOT_IN_SHARD,
                    index.file(),
                    tensor,
                    "the index places it in %s, which does not hold it".formatted(quote(shard)));
              }
            });
  }

  private void add(String tensor, SafetensorsFile file) {
    SafetensorsFile earlier = byTensor.put(tensor, file);
    if (earlier != null) {
      throw CheckpointException.ofTensor(
          Kind.TENSOR_IN_TWO_SHARDS,
          file.path().getParent(),
          tensor,
          "is in %s and in %s"
              .formatted(
                  quote(earlier.path().getFileName().toString()),
                  quote(file.path().getFileName().toString())));
    }
  }

  private static CheckpointException noWeights(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      List<String> names = entries.map(path -> path.getFileName().toString()).sorted().toList();
      List<String> pickled = names.stream().filter(WeightFiles::isPickled).toList();
      if (!pickled.isEmpty()) {
        return CheckpointException.of(
            Kind.ONLY_PICKLE,
            folder,
            "holds only pickled weights (%s), which run code when loaded and are never opened; convert them to safetensors"
                .formatted(quote(pickled.get(0))));
      }
      return CheckpointException.of(
          Kind.WEIGHTS_MISSING,
          folder,
          "holds neither %s nor %s%s; found %s"
              .formatted(
                  SINGLE,
                  ShardIndex.NAME,
                  hint(names),
                  names.stream()
                      .limit(10)
                      .map(CheckpointException::quote)
                      .collect(Collectors.joining(", ", "[", "]"))));
    } catch (IOException unreadable) {
      return CheckpointException.of(
          Kind.UNREADABLE, folder, "cannot be read: " + unreadable, unreadable);
    }
  }

  private static String hint(List<String> names) {
    if (names.contains("adapter_config.json")) {
      return ", but an adapter, which is no model by itself; merge it into its base model first";
    }
    return names.stream().anyMatch(name -> name.matches("model-\\d+-of-\\d+\\.safetensors"))
        ? ", but shards, whose index is missing"
        : "";
  }

  private static boolean isPickled(String name) {
    return PICKLED.contains(name.substring(name.lastIndexOf('.') + 1));
  }
}
