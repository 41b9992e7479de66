package org.alphaquant.cache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * A partial download. Only one download writes to it. Bytes of an earlier download are copied,
 * because a process that seems dead may still write to its own file.
 */
final class PartFile implements AutoCloseable {

  private final Path path;
  private final RemoteFile file;
  private final String prefix;
  private final ContentHash hash;
  private final FileChannel channel;
  private long length;

  /**
   * @param of the version that the file belongs to: two repositories with the same content are two
   *     downloads, each with a part of its own
   */
  PartFile(Path folder, Version of, RemoteFile file, UUID holder) throws IOException {
    Files.createDirectories(folder);
    this.prefix = file.etag() + "-" + shortHash(of.folder()) + ".";
    this.path = folder.resolve(prefix + holder);
    this.file = file;
    this.hash = new ContentHash(file.digest());
    this.channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
  }

  private static String shortHash(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString().substring(0, 8);
  }

  /** Takes over the bytes that earlier downloads of this file left. */
  void adopt(LongConsumer adopted) throws IOException {
    List<Path> left = left(path.getParent());
    left = left.stream().filter(it -> !it.equals(path)).toList();
    if (!left.isEmpty()) {
      copy(left.get(0), adopted);
    }
    for (Path old : left) {
      Files.deleteIfExists(old);
    }
  }

  private List<Path> left(Path folder) throws IOException {
    try (Stream<Path> parts = Files.list(folder)) {
      return parts
          .filter(part -> part.getFileName().toString().startsWith(prefix))
          .sorted(Comparator.comparingLong((Path part) -> part.toFile().length()).reversed())
          .toList();
    }
  }

  private void copy(Path old, LongConsumer adopted) throws IOException {
    byte[] buffer = new byte[1 << 20];
    try (InputStream bytes = Files.newInputStream(old)) {
      int count = bytes.read(buffer);
      while (count > 0 && length < file.size()) {
        int taken = (int) Math.min(count, file.size() - length);
        append(buffer, taken);
        adopted.accept(taken);
        count = bytes.read(buffer);
      }
    }
  }

  long length() {
    return length;
  }

  void append(byte[] bytes, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    hash.add(bytes, count);
    length += count;
  }

  void restart() throws IOException {
    channel.truncate(0);
    channel.position(0);
    hash.restart();
    length = 0;
  }

  /** Whether length and hash are those of the file; starts over if not. */
  boolean isRight() throws IOException {
    if (length == file.size() && hash.isRight()) {
      channel.force(true);
      return true;
    }
    restart();
    return false;
  }

  Path path() {
    return path;
  }

  void delete() throws IOException {
    Files.deleteIfExists(path);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
