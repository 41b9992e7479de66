package org.alphaquant.client;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.alphaquant.client.EventFollower.JobEvent;
import tools.jackson.databind.JsonNode;

/** Keeps the terminal's last line up to date with the job's events and the clock. */
public final class LiveProgress implements AutoCloseable {
  private static final long REDRAW_MILLIS = 500;

  private final Terminal terminal;
  private final Set<String> sizes = new HashSet<>();
  private final long start = System.nanoTime();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private Progress progress = Progress.of("waiting for a worker");
  private long reported = start;
  private Instant begun;

  public LiveProgress(Terminal terminal) {
    this.terminal = terminal;
    if (terminal.isLive()) {
      clock.scheduleAtFixedRate(this::draw, 0, REDRAW_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  public synchronized void event(JobEvent event) {
    switch (event.type()) {
      case "progress" -> show(Progress.of(event.data()));
      case "state" -> state(event.at(), event.data());
      case "log" -> note(event);
      case "ladder" -> ladder(event.data());
      case "contract" -> terminal.print(ContractTable.render(event.data()) + "\n");
      case "traffic" -> traffic(event.data());
      default -> {
        // Experts and metrics have commands of their own.
      }
    }
  }

  private void state(Instant at, JsonNode data) {
    switch (data.path("state").asString("")) {
      case "QUEUED" -> {
        if (data.path("error").isObject()) {
          terminal.print(
              "The attempt failed and is tried again: "
                  + data.path("error").path("message").asString(""));
        }
        show(Progress.of("waiting for a worker"));
      }
      case "RUNNING" -> running(at, data.path("reason").asString(""));
      case "SUCCEEDED" -> terminal.print("The job succeeded after " + ran(at) + "\n");
      default -> {
        // Other outcomes are printed with their reason.
      }
    }
  }

  private void running(Instant at, String reason) {
    if (reason.equals("cancel-requested")) {
      show(Progress.of("stopping"));
    } else {
      begun = at;
      show(Progress.of("starting"));
    }
  }

  // Every event lists all finished sizes; each is printed once.
  private void ladder(JsonNode data) {
    for (JsonNode size : data.path("sizes")) {
      if (sizes.add(size.path("name").asString(""))) {
        terminal.print(
            "%s (%d of %d sizes)"
                .formatted(LadderTable.line(size), sizes.size(), data.path("of").asInt()));
      }
    }
  }

  private void traffic(JsonNode fit) {
    double before = mean(fit, "before");
    double after = mean(fit, "after");
    terminal.print(
        String.format(
            Locale.ROOT,
            "traffic: experts' shares differ by %.1f %% from the text's, by %.1f %% once it is weighted; %.0f %% of the text counts",
            100 * before,
            100 * after,
            100 * fit.path("effective").asDouble()));
  }

  private static double mean(JsonNode fit, String which) {
    return fit.path("layers")
        .valueStream()
        .mapToDouble(layer -> layer.path(which).asDouble())
        .average()
        .orElse(0);
  }

  private void note(JobEvent event) {
    String level = event.data().path("level").asString(event.level());
    if (!level.equals("info")) {
      terminal.print("%s: %s".formatted(level, event.data().path("message").asString("")));
    }
  }

  private void show(Progress newProgress) {
    progress = newProgress;
    reported = System.nanoTime();
    draw();
  }

  private synchronized void draw() {
    terminal.redraw(progress.step(), ProgressLine.render(progress, since(start), since(reported)));
  }

  private String ran(Instant end) {
    return ProgressLine.clock(Duration.between(begun == null ? end : begun, end).toSeconds());
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
