package org.alphaquant.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.WrittenFile;

/** Hashes the source's files on threads of its own, beside the work, for the report. */
final class SourceHashes implements AutoCloseable {
  private static final List<String> BESIDE = List.of("config.json", "tokenizer.json");

  // A thread hashes 1 to 2 GB a second, and a GPU is through with a model in less time.
  private static final int MOST_THREADS = 4;
  private static final int PROCESSORS_PER_THREAD = 4;

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          InOrder.threads(
              Math.min(
                  MOST_THREADS,
                  Runtime.getRuntime().availableProcessors() / PROCESSORS_PER_THREAD)),
          work -> {
            Thread thread = new Thread(work, "hash-source");
            thread.setDaemon(true);
            return thread;
          });
  private final List<Future<WrittenFile>> files = new ArrayList<>();

  SourceHashes(Checkpoint source) {
    Stream.concat(source.files().stream(), BESIDE.stream().map(source.folder()::resolve))
        .filter(Files::isRegularFile)
        .forEach(file -> files.add(threads.submit(() -> hashed(file))));
    threads.shutdown();
  }

  // By the name in the folder: in the hub's cache the file behind it is called by its hash.
  private static WrittenFile hashed(Path file) {
    return WrittenFile.of(file);
  }

  /** The hashes of all files; waits for those not computed yet. */
  List<WrittenFile> all() {
    List<WrittenFile> hashes = new ArrayList<>();
    for (Future<WrittenFile> file : files) {
      try {
        hashes.add(file.get());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted while the source is hashed");
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException known
            ? known
            : new IllegalStateException(e.getCause());
      }
    }
    return hashes;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
