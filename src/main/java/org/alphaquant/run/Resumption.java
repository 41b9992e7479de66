package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.evaluation.Perplexity;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.worker.AttemptLayout;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Lets an attempt go on where an earlier one stopped. Beside the finished layers an attempt keeps
 * the residual stream that leaves the last of them, exactly as it was: recomputing it could round
 * differently, and then the result would depend on where the work was interrupted.
 */
final class Resumption {

  // A large stream is put away only now and then: writing it may take longer than its layer.
  private static final long SMALL = 256L << 20;
  private static final long SELDOM_NANOS = 60_000_000_000L;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Attempt own;
  private final Iterable<Path> earlier;
  private final String fingerprint;
  private int streamAfter = -1;
  private long lastPut = System.nanoTime();

  private Resumption(Attempt own, Iterable<Path> earlier, String fingerprint) {
    this.own = own;
    this.earlier = earlier;
    this.fingerprint = fingerprint;
  }

  static Resumption of(JobContext context, String fingerprint, LayerFiles layers) {
    Attempt own = new Attempt(context.attemptDirectory(), layers);
    return new Resumption(own, context.earlierAttempts(), fingerprint);
  }

  /** Takes over what can be taken over; returns how many layers that are. */
  int adopt() {
    int adopted = 0;
    for (Path folder : earlier) {
      Attempt attempt = new Attempt(folder, new LayerFiles(new AttemptLayout(folder).layers()));
      if (!attempt.isOf(fingerprint)) {
        continue;
      }
      attempt.perplexity().ifPresent(own::keep);
      int finished = attempt.finished();
      if (finished > adopted) {
        own.layers.adopt(attempt.layers, finished);
        own.takeStream(attempt, finished - 1);
        adopted = finished;
      }
    }
    own.sign(fingerprint);
    streamAfter = adopted - 1;
    return adopted;
  }

  /** The perplexity of the source, if an earlier attempt had measured it. */
  Optional<Perplexity> perplexity() {
    return own.perplexity();
  }

  /** Keeps the perplexity of the source. */
  void put(Perplexity perplexity) {
    own.keep(perplexity);
  }

  /** The stream that enters the first layer that was not adopted. */
  ResidualStream stream(TensorScope scope, Model model) {
    return StreamFile.read(scope, own.stream(streamAfter), model.description().hidden());
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

  /** Keeps a finished layer; what leaves it at once, the rest beside the next layer. */
  void put(int layer, LayerResult result, ResidualStream stream, ResultWriting writing) {
    long bytes = stream.tokens() * stream.hidden() * Float.BYTES;
    boolean keepStream = bytes <= SMALL || System.nanoTime() - lastPut > SELDOM_NANOS;
    if (keepStream) {
      StreamFile.write(own.stream(layer), stream);
      lastPut = System.nanoTime();
    }
    int before = streamAfter;
    streamAfter = keepStream ? layer : before;
    writing.keep(
        layer,
        () -> {
          own.layers.write(layer, result);
          if (keepStream) {
            own.deleteStream(before);
          }
        });
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

    Optional<Perplexity> perplexity() {
      return read(perplexityFile()).map(json -> JSON.readValue(json, Perplexity.class));
    }

    void keep(Perplexity perplexity) {
      byte[] json = JSON.writeValueAsBytes(perplexity);
      AtomicFile.write(perplexityFile(), file -> file.write(ByteBuffer.wrap(json)));
    }

    private Path perplexityFile() {
      return new AttemptLayout(folder).perplexity();
    }

    /** Layers that are whole and whose stream is there. */
    int finished() {
      int finished = 0;
      for (int i = 0; layers.has(i); i++) {
        finished = Files.exists(stream(i)) ? i + 1 : finished;
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
