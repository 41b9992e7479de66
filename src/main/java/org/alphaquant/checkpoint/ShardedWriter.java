package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.CheckpointException.Kind;

/**
 * Writes the weights of a checkpoint folder: {@code model.safetensors} if they fit one shard, else
 * {@code model-00001-of-0000N.safetensors} and, last, the index that makes them one checkpoint.
 * Shards are filled greedily in the order given; tensors of one module stay together, and a tensor
 * larger than a shard gets a shard of its own.
 */
public final class ShardedWriter {

  /** The size at which huggingface_hub starts a new shard by default. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  private static final Pattern WEIGHTS =
      Pattern.compile(
          "model(-\\d{5}-of-\\d{5})?\\.safetensors|model\\.safetensors\\.index\\.json"
              + "|pytorch_model.*\\.bin(\\.index\\.json)?");

  private ShardedWriter() {}

  public static List<WrittenFile> write(Path folder, List<TensorSource> tensors) {
    return write(folder, tensors, DEFAULT_SHARD_BYTES);
  }

  /**
   * Writes shards and index.
   *
   * @param maxShardBytes tensor bytes at which a shard is full; positive
   * @return the files written, the index last
   * @throws CheckpointException as {@link SafetensorsWriter#write} does, and if the folder holds
   *     weight files of another checkpoint, which readers would mistake for these
   */
  public static List<WrittenFile> write(
      Path folder, List<TensorSource> tensors, long maxShardBytes) {
    if (maxShardBytes <= 0) {
      throw new IllegalArgumentException("maxShardBytes must be positive: " + maxShardBytes);
    }
    Map<String, List<TensorSource>> shards = named(shards(tensors, maxShardBytes));
    requireDistinctNames(folder, tensors);
    requireNoOtherWeights(folder, shards.keySet());
    List<WrittenFile> written = new ArrayList<>();
    shards.forEach(
        (name, content) -> written.add(SafetensorsWriter.write(folder.resolve(name), content)));
    if (shards.size() > 1) {
      written.add(writeIndex(folder, shards));
    }
    return List.copyOf(written);
  }

  private static List<List<TensorSource>> shards(List<TensorSource> tensors, long maxShardBytes) {
    List<List<TensorSource>> shards = new ArrayList<>(List.of(new ArrayList<>()));
    long filled = 0;
    for (List<TensorSource> module : modules(tensors)) {
      long bytes = bytes(module);
      if (filled > 0 && bytes > maxShardBytes - filled) {
        shards.add(new ArrayList<>());
        filled = 0;
      }
      shards.get(shards.size() - 1).addAll(module);
      filled += bytes;
    }
    return shards;
  }

  private static List<List<TensorSource>> modules(List<TensorSource> tensors) {
    List<List<TensorSource>> modules = new ArrayList<>();
    String current = null;
    for (TensorSource tensor : tensors) {
      String name = tensor.info().name();
      String module = name.substring(0, Math.max(0, name.lastIndexOf('.')));
      if (!module.equals(current)) {
        modules.add(new ArrayList<>());
        current = module;
      }
      modules.get(modules.size() - 1).add(tensor);
    }
    return modules;
  }

  private static Map<String, List<TensorSource>> named(List<List<TensorSource>> shards) {
    Map<String, List<TensorSource>> named = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      named.put(
          shards.size() == 1
              ? WeightFiles.SINGLE
              : "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size()),
          shards.get(i));
    }
    return named;
  }

  private static WrittenFile writeIndex(Path folder, Map<String, List<TensorSource>> shards) {
    Map<String, String> weightMap = new TreeMap<>();
    shards.forEach(
        (file, content) -> content.forEach(tensor -> weightMap.put(tensor.info().name(), file)));
    long total = shards.values().stream().mapToLong(ShardedWriter::bytes).sum();
    byte[] json =
        JsonText.MAPPER
            .writerWithDefaultPrettyPrinter()
            .writeValueAsBytes(
                new TreeMap<>(
                    Map.of("metadata", Map.of("total_size", total), "weight_map", weightMap)));
    return AtomicFile.write(
        folder.resolve(ShardIndex.NAME), target -> target.write(ByteBuffer.wrap(json)));
  }

  private static long bytes(List<TensorSource> tensors) {
    return tensors.stream().mapToLong(tensor -> tensor.info().bytes()).sum();
  }

  private static void requireDistinctNames(Path folder, List<TensorSource> tensors) {
    Set<String> names = new HashSet<>();
    tensors.stream()
        .map(tensor -> tensor.info().name())
        .filter(name -> !names.add(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw CheckpointException.ofTensor(
                  Kind.DUPLICATE_TENSOR, folder, name, "is to be written twice");
            });
  }

  private static void requireNoOtherWeights(Path folder, Set<String> shards) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .map(path -> path.getFileName().toString())
          .filter(name -> WEIGHTS.matcher(name).matches() && !shards.contains(name))
          .filter(name -> shards.size() == 1 || !name.equals(ShardIndex.NAME))
          .findFirst()
          .ifPresent(
              stale -> {
                throw CheckpointException.of(
                    Kind.STALE_WEIGHTS,
                    folder,
                    "holds %s of another checkpoint; write to an empty folder"
                        .formatted(quote(stale)));
              });
    } catch (IOException unreadable) {
      throw CheckpointException.of(
          Kind.UNREADABLE, folder, "cannot be read: " + unreadable, unreadable);
    }
  }
}
