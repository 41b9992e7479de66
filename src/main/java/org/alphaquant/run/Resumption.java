package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.worker.AttemptLayout;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Resumes an attempt where an earlier one stopped. Beside the finished layers an attempt keeps the
 * residual stream that leaves the last of them, bit for bit: recomputing it could round
 * differently, and the result would then depend on where the work was interrupted.
 */
final class Resumption {

  // A large stream is written only occasionally, because writing it may take longer than its layer.
  private static final long SMALL = 256L << 20;
  private static final long SELDOM_NANOS = 60_000_000_000L;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Attempt own;
  private final Iterable<Path> earlier;
  private final String fingerprint;
  private final boolean independent;
  private int streamAfter = -1;
  private long lastPut = System.nanoTime();

  private Resumption(Attempt own, Iterable<Path> earlier, String fingerprint, boolean independent) {
    this.independent = independent;
    this.own = own;
    this.earlier = earlier;
    this.fingerprint = fingerprint;
  }

  /**
   * @param independent whether layers are independent, so that no stream enters them
   */
  static Resumption of(
      JobContext context, String fingerprint, LayerFiles layers, boolean independent) {
    Attempt own = new Attempt(context.attemptDirectory(), layers);
    return new Resumption(own, context.earlierAttempts(), fingerprint, independent);
  }

  /** The same for a part of the work, in a subfolder of each attempt's folder. */
  Resumption below(String name) {
    Path folder = own.folder.resolve(name);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Path> others = new ArrayList<>();
    earlier.forEach(attempt -> others.add(attempt.resolve(name)));
    LayerFiles layers = new LayerFiles(new AttemptLayout(folder).layers());
    return new Resumption(new Attempt(folder, layers), others, fingerprint, independent);
  }

  /** The layers of this attempt. */
  LayerFiles layers() {
    return own.layers;
  }

  /** Adopts the finished layers of earlier attempts; returns how many. */
  int adopt() {
    int adopted = 0;
    for (Path folder : earlier) {
      Attempt attempt = new Attempt(folder, new LayerFiles(new AttemptLayout(folder).layers()));
      if (!attempt.isOf(fingerprint)) {
        continue;
      }
      own.take(attempt);
      int finished = attempt.finished(independent);
      if (finished > adopted) {
        own.layers.adopt(attempt.layers, finished);
        if (!independent) {
          own.takeStream(attempt, finished - 1);
        }
        adopted = finished;
      }
    }
    own.sign(fingerprint);
    streamAfter = adopted - 1;
    return adopted;
  }

  /** The source's figures of an earlier attempt. */
  Optional<Measured> measured() {
    return own.measured();
  }

  /** Keeps the source's figures; its outputs are in {@link #outputs}. */
  void put(Measured measured) {
    own.keep(measured);
  }

  /** The folder of the source's outputs on the compared windows. */
  Path outputs() {
    return own.outputs();
  }

  /**
   * Samples {@code first..last-1} of the stream that enters the first layer that was not adopted.
   */
  ResidualStream stream(TensorScope scope, Model model, int first, int last) {
    long hidden = model.description().hidden();
    return StreamFile.read(scope, own.stream(streamAfter), hidden, first, last);
  }

  /**
   * A file of this attempt by its name, taken over from the newest earlier attempt of the same
   * inputs where this one has none yet; it need not exist.
   */
  Path file(String name) {
    Path file = own.folder.resolve(name);
    if (!Files.exists(file)) {
      for (Path folder : earlier) {
        Attempt attempt = new Attempt(folder, new LayerFiles(folder.resolve("layers")));
        if (attempt.isOf(fingerprint) && Files.exists(folder.resolve(name))) {
          LayerFiles.take(folder.resolve(name), file);
          break;
        }
      }
    }
    return file;
  }

  /**
   * Keeps a finished layer: the residual stream that leaves it (none where layers are independent)
   * at once, the rest beside the next layer.
   *
   * @param kept called once the layer is written, on the writing thread
   */
  void put(
      int layer,
      LayerResult result,
      List<ResidualStream> streams,
      ResultWriting writing,
      Runnable kept) {
    if (independent) {
      writing.keep(layer, result, () -> {}, kept);
      return;
    }
    long bytes =
        streams.stream().mapToLong(part -> part.tokens() * part.hidden() * Float.BYTES).sum();
    boolean keepStream = bytes <= SMALL || System.nanoTime() - lastPut > SELDOM_NANOS;
    if (keepStream) {
      StreamFile.write(own.stream(layer), streams);
      lastPut = System.nanoTime();
    }
    int before = streamAfter;
    streamAfter = keepStream ? layer : before;
    writing.keep(
        layer,
        result,
        () -> {
          if (keepStream) {
            own.deleteStream(before);
          }
        },
        kept);
  }

  /** The folder of one attempt. */
  private record Attempt(Path folder, LayerFiles layers) {

    Path stream(int layer) {
      return new AttemptLayout(folder).stream(layer);
    }

    void sign(String fingerprint) {
      write(new AttemptLayout(folder).fingerprint(), fingerprint);
    }

    /** Whether it was made of the same inputs. */
    boolean isOf(String fingerprint) {
      return new AttemptLayout(folder).signature().equals(Optional.of(fingerprint));
    }

    Optional<Measured> measured() {
      return read(measuredFile()).map(json -> JSON.readValue(json, Measured.class));
    }

    void keep(Measured measured) {
      byte[] json = JSON.writeValueAsBytes(measured);
      AtomicFile.write(measuredFile(), file -> file.write(ByteBuffer.wrap(json)));
    }

    Path outputs() {
      return new AttemptLayout(folder).outputs();
    }

    /**
     * Adopts the figures of another attempt, if the source's outputs on the compared windows exist
     * too.
     */
    void take(Attempt other) {
      if (measured().isPresent()) {
        return;
      }
      Optional<Measured> measured =
          other.measured().filter(it -> it.compared() == 0 || Files.isDirectory(other.outputs()));
      if (measured.isPresent() && measured.get().compared() > 0) {
        copyFiles(other.outputs(), outputs());
      }
      measured.ifPresent(this::keep);
    }

    private static void copyFiles(Path from, Path to) {
      try (Stream<Path> files = Files.list(from)) {
        Files.createDirectories(to);
        for (Path file : files.toList()) {
          LayerFiles.take(file, to.resolve(file.getFileName()));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Path measuredFile() {
      return new AttemptLayout(folder).perplexity();
    }

    /** The number of complete layers, whose stream exists where one is needed. */
    int finished(boolean withoutStream) {
      int finished = 0;
      for (int i = 0; layers.has(i); i++) {
        finished = withoutStream || Files.exists(stream(i)) ? i + 1 : finished;
      }
      return finished;
    }

    void takeStream(Attempt from, int layer) {
      try {
        Files.copy(from.stream(layer), stream(layer));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void deleteStream(int layer) {
      delete(stream(layer));
    }

    private static void delete(Path file) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Optional<String> read(Path file) {
      try {
        return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void write(Path file, String content) {
      try {
        Files.write(file, content.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
