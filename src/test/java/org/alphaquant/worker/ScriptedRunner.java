package org.alphaquant.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;

/**
 * Works through layers as a quantization does, without a model: each layer's file depends on the
 * one before, finished layers of earlier attempts are adopted, and the result is known beforehand.
 * The job's model says what to do: {@code layers/<count>/<milliseconds each>}, or {@code poison},
 * which ends its process.
 */
public final class ScriptedRunner implements JobRunner {
  private static final long UNIT_NANOS = 2_000_000;

  /** What the result of an unbroken run holds. */
  public static String expected(String model) {
    String state = sha256(model);
    for (int layer = 0; layer < layers(model); layer++) {
      state = sha256(state + layer);
    }
    return state;
  }

  public static String model(int layers, int millis) {
    return "layers/%d/%d".formatted(layers, millis);
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    String model = context.spec().model();
    context.ensureHeld();
    if (model.equals("poison")) {
      context.event("log", Map.of("message", "about to end this process"));
      Runtime.getRuntime().halt(9);
    }
    String state = sha256(model);
    for (int layer = 0; layer < layers(model); layer++) {
      Optional<Path> finished = find(context, layer);
      state = finished.isPresent() ? Files.readString(finished.get()) : work(context, state, layer);
      context.event("metric", Map.of("layer", layer, "adopted", finished.isPresent()));
      double fraction = (layer + 1.0) / layers(model);
      context.progress(new JobProgress("quantize", layer + 1, layers(model), fraction, null));
      context.betweenLayers();
    }
    Files.writeString(context.artifactDirectory().resolve("model"), state);
    return new JobResult(
        null, null, List.of(new JobResult.Artifact("model", state.length(), sha256(state))));
  }

  private static Optional<Path> find(JobContext context, int layer) {
    return context.earlierAttempts().stream()
        .map(attempt -> attempt.resolve("layer-" + layer))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static String work(JobContext context, String before, int layer) throws IOException {
    long millis = Long.parseLong(context.spec().model().split("/")[2]);
    long until = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < until) {
      context.ensureHeld();
      LockSupport.parkNanos(UNIT_NANOS);
    }
    String state = sha256(before + layer);
    Path unfinished = context.attemptDirectory().resolve("unfinished");
    Files.writeString(unfinished, state);
    context.ensureHeld();
    Path file = context.attemptDirectory().resolve("layer-" + layer);
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    return state;
  }

  private static int layers(String model) {
    return Integer.parseInt(model.split("/")[1]);
  }

  static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
