package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import org.alphaquant.checkpoint.CheckpointException.Kind;

/**
 * Writes a file so that under its own name it is either absent or complete: content and then name
 * are forced to the disk before it becomes visible. A hash is computed while writing.
 */
public final class AtomicFile implements WritableByteChannel {

  /** The content of a file. */
  public interface Content {
    void writeTo(AtomicFile file) throws IOException;
  }

  // The JDK copies a heap buffer into native memory of its size to write it.
  private static final int CHUNK = 1 << 20;

  // Written pages stay in memory until forced; doing so gradually shortens the wait at the end.
  private static final long FORCED_BYTES = 256L << 20;

  private static final boolean BESIDE = Runtime.getRuntime().availableProcessors() > 4;
  private static final int LEAST_BESIDE = 1 << 18;

  private final FileChannel channel;
  private final MessageDigest digest;
  private long written;
  private long forced;

  private AtomicFile(FileChannel channel, MessageDigest digest) {
    this.channel = channel;
    this.digest = digest;
  }

  /** Writes the file; its folder is made where it is missing. */
  public static WrittenFile write(Path file, Content content) {
    return write(file, content, WrittenFile.newDigest());
  }

  /** The same without a hash. */
  public static void writeUnhashed(Path file, Content content) {
    write(file, content, null);
  }

  private static WrittenFile write(Path file, Content content, MessageDigest digest) {
    Path folder = file.toAbsolutePath().getParent();
    Path partial = folder.resolve("." + file.getFileName() + ".partial");
    try {
      Files.createDirectories(folder);
      WrittenFile result = writePartial(partial, file.getFileName().toString(), content, digest);
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      force(folder);
      return result;
    } catch (IOException failure) {
      throw CheckpointException.of(
          Kind.NOT_WRITTEN, file, "cannot be written: " + failure, failure);
    } finally {
      partial.toFile().delete();
    }
  }

  private static WrittenFile writePartial(
      Path partial, String name, Content content, MessageDigest digest) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      AtomicFile file = new AtomicFile(channel, digest);
      content.writeTo(file);
      channel.force(true);
      return digest == null ? null : WrittenFile.of(name, file.written, digest);
    }
  }

  // Without this a rename may be lost with the power, though not the content.
  private static void force(Path folder) throws IOException {
    try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }

  /** Bytes written so far. */
  public long written() {
    return written;
  }

  /** Writes all of it. */
  @Override
  public int write(ByteBuffer bytes) throws IOException {
    int count = bytes.remaining();
    int limit = bytes.limit();
    while (bytes.position() < limit) {
      bytes.limit(Math.min(limit, bytes.position() + CHUNK));
      writeChunk(bytes);
      bytes.limit(limit);
    }
    written += count;
    if (written - forced > FORCED_BYTES) {
      channel.force(false);
      forced = written;
    }
    return count;
  }

  private void writeChunk(ByteBuffer chunk) throws IOException {
    CompletableFuture<Void> hashed = hashed(chunk.duplicate());
    try {
      while (chunk.hasRemaining()) {
        channel.write(chunk);
      }
    } finally {
      hashed.join();
    }
  }

  // Hashing takes longer than writing: it goes on beside it where there are threads for both.
  private CompletableFuture<Void> hashed(ByteBuffer chunk) {
    if (digest != null && BESIDE && chunk.remaining() >= LEAST_BESIDE) {
      return CompletableFuture.runAsync(() -> digest.update(chunk));
    }
    if (digest != null) {
      digest.update(chunk);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
