package org.alphaquant.cache;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.request.ClientPresence;

/**
 * A model's folder without its weights: the small files, and of each safetensors file its header
 * followed by a hole as long as the weights. Names and shapes can be read as from the real folder
 * after a download of some megabytes.
 */
final class RemoteHeaders {

  private static final int FIRST = 1 << 16;
  private static final int MAX_HEADER = 100_000_000;
  private static final int MAX_SMALL = 64 << 20;
  private static final int STREAMS = 8;
  private static final long LOOK_EVERY_MILLIS = 250;

  private final Origin origin;
  private final Path folder;
  private final Version pinned;
  private final Patience patience;

  /**
   * @param folder the assembled folder; drafts are beside it
   */
  RemoteHeaders(Origin origin, Path folder, Version pinned, Patience patience) {
    this.origin = origin;
    this.folder = folder;
    this.pinned = pinned;
    this.patience = patience;
  }

  /** The folder, created if it does not exist. */
  Path folder() {
    if (Files.isDirectory(folder)) {
      return folder;
    }
    Path draft = folder.resolveSibling(UUID.randomUUID().toString());
    try {
      Files.createDirectories(draft);
      fill(draft);
      Files.move(draft, folder);
    } catch (IOException e) {
      if (!Files.isDirectory(folder)) {
        throw new FetchException(
            Kind.UNAVAILABLE,
            "the headers of '%s' cannot be read: %s"
                .formatted(pinned.path(), FetchException.reason(e)),
            e);
      }
    } finally {
      SnapshotCache.deleteQuietly(draft);
    }
    return folder;
  }

  private void fill(Path draft) throws IOException {
    List<RemoteFile> all = origin.files(pinned, patience);
    List<RemoteFile> companions = FileChoice.companions(pinned, all);
    each(companions, file -> small(draft, file));
    Set<String> shards = Completeness.shards(draft);
    each(FileChoice.weights(pinned, all, shards), file -> header(draft, file));
  }

  private interface Step {
    void take(RemoteFile file) throws IOException;
  }

  private static void each(List<RemoteFile> files, Step step) throws IOException {
    ExecutorService streams = Executors.newFixedThreadPool(STREAMS);
    try {
      List<Future<?>> tasks = new ArrayList<>();
      for (RemoteFile file : files) {
        tasks.add(
            streams.submit(
                () -> {
                  step.take(file);
                  return null;
                }));
      }
      for (Future<?> task : tasks) {
        await(task);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("broken off", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof FetchException refused) {
        throw refused;
      }
      throw new IOException(e.getCause());
    } finally {
      streams.shutdownNow();
    }
  }

  private static void await(Future<?> task) throws InterruptedException, ExecutionException {
    while (true) {
      ClientPresence.require();
      try {
        task.get(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException notYet) {
        continue;
      }
    }
  }

  private void small(Path draft, RemoteFile file) throws IOException {
    if (file.size() > MAX_SMALL) {
      throw new FetchException(
          Kind.UNUSABLE,
          "'%s' has %d bytes, over the limit of %d for a file beside the weights"
              .formatted(file.path(), file.size(), MAX_SMALL));
    }
    byte[] content = file.size() == 0 ? new byte[0] : part(file, 0, file.size());
    ContentHash hash = new ContentHash(file.digest());
    hash.add(content, content.length);
    if (!hash.isRight()) {
      throw new FetchException(
          Kind.UNAVAILABLE,
          "'%s' of '%s' was received with a wrong hash".formatted(file.path(), pinned.path()));
    }
    Path path = draft.resolve(file.path());
    Files.createDirectories(path.getParent());
    Files.write(path, content);
  }

  private void header(Path draft, RemoteFile file) throws IOException {
    if (file.size() < Long.BYTES) {
      throw new FetchException(
          Kind.UNUSABLE, "'%s' is too short for a safetensors file".formatted(file.path()));
    }
    byte[] first = part(file, 0, Math.min(FIRST, file.size()));
    long length = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong();
    long end = Long.BYTES + length;
    if (length < 0 || length > MAX_HEADER || end > file.size()) {
      throw new FetchException(
          Kind.UNUSABLE, "'%s' says that its header has %d bytes".formatted(file.path(), length));
    }
    try (RandomAccessFile out = new RandomAccessFile(draft.resolve(file.path()).toFile(), "rw")) {
      out.write(first, 0, (int) Math.min(first.length, end));
      if (end > first.length) {
        out.write(part(file, first.length, end));
      }
      out.setLength(file.size());
    }
  }

  /** A range of a file's bytes, the end exclusive. */
  private byte[] part(RemoteFile file, long from, long end) throws IOException {
    RemoteContent content = origin.content(pinned, file);
    try (RemoteContent.Part answer = content.open(from, end - 1, patience)) {
      if (answer.from() != from) {
        throw new FetchException(
            Kind.UNAVAILABLE, "%s does not send parts of files".formatted(content.host()));
      }
      byte[] bytes = bytes(answer.bytes(), (int) (end - from));
      if (bytes.length != end - from) {
        throw new IOException(
            "%d of %d bytes of '%s' were received"
                .formatted(bytes.length, end - from, file.path()));
      }
      return bytes;
    } catch (TransferInterruption interruption) {
      throw interruption.reason();
    }
  }

  private byte[] bytes(InputStream body, int wanted) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    int count = body.read(buffer, 0, Math.min(buffer.length, wanted));
    while (count > 0) {
      patience.within(Duration.ofSeconds(1));
      bytes.write(buffer, 0, count);
      count = body.read(buffer, 0, Math.min(buffer.length, wanted - bytes.size()));
    }
    return bytes.toByteArray();
  }
}
