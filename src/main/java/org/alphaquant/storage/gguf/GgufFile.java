package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.checkpoint.Links;

/** A GGUF file, checked on opening and mapped only where it is read. */
final class GgufFile implements AutoCloseable {

  /** A tensor of the file; {@code begin} counts from the file's first byte. */
  record Stored(String name, GgufType type, List<Long> shape, long begin, long bytes) {}

  private final Path path;
  private final FileChannel channel;
  private final Map<String, MetadataValue> metadata;
  private final Map<String, Stored> tensors;

  private GgufFile(Path path, FileChannel channel, GgufHeader header) {
    this.path = path;
    this.channel = channel;
    this.metadata = header.metadata();
    this.tensors = new LinkedHashMap<>();
    header.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
  }

  /**
   * Opens and checks a file.
   *
   * @throws GgufException if it is not a GGUF file of version 3, is truncated, or has a tensor of
   *     an unknown type
   */
  static GgufFile open(Path path) {
    return open(path, Links.OWN);
  }

  /**
   * The same for an untrusted file.
   *
   * @param links which links may be followed
   */
  static GgufFile open(Path path, Links links) {
    FileChannel channel = null;
    try {
      channel = links.open(path);
      GgufFile file = new GgufFile(path, channel, GgufHeader.read(path, channel));
      channel = null;
      return file;
    } catch (IOException unreadable) {
      throw new GgufException(path.getFileName().toString(), "cannot be read", unreadable);
    } finally {
      if (channel != null) {
        close(channel);
      }
    }
  }

  /** The files of a model, from its first or only one, by {@code split.count}. */
  static List<GgufFile> openAll(Path first, Links links) {
    List<GgufFile> files = new ArrayList<>(List.of(open(first, links)));
    long count = files.get(0).number("split.count").orElse(1L);
    String name = first.getFileName().toString();
    for (int i = 1; i < count; i++) {
      String next = name.replace("-00001-of-", "-%05d-of-".formatted(i + 1));
      files.add(open(first.resolveSibling(next), links));
    }
    return files;
  }

  Path path() {
    return path;
  }

  Map<String, MetadataValue> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  Optional<Long> number(String key) {
    return Optional.ofNullable(metadata.get(key))
        .map(MetadataValue::value)
        .filter(Long.class::isInstance)
        .map(Long.class::cast);
  }

  Map<String, Stored> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * Bytes {@code [from, from + count)} of a tensor, little-endian.
   *
   * @throws GgufException if the file cannot be read
   */
  ByteBuffer bytes(Stored tensor, long from, int count) {
    if (from < 0 || count < 0 || from + count > tensor.bytes()) {
      throw new IllegalArgumentException(
          "bytes %d to %d of %s, which has %d"
              .formatted(from, from + count, tensor.name(), tensor.bytes()));
    }
    try {
      return channel
          .map(MapMode.READ_ONLY, tensor.begin() + from, count)
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException unreadable) {
      throw new GgufException(path.getFileName().toString(), "cannot be read", unreadable);
    }
  }

  @Override
  public void close() {
    close(channel);
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException alreadyGone) {
      // A channel that was only read from has nothing to lose.
    }
  }
}
