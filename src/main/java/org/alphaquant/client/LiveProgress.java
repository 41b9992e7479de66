package org.alphaquant.client;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.alphaquant.client.EventFollower.JobEvent;
import tools.jackson.databind.JsonNode;

/** Keeps the terminal's last line up to date with the job's events and the clock. */
public final class LiveProgress implements AutoCloseable {
  private static final long REDRAW_MILLIS = 500;

  private final Terminal terminal;
  private final long start = System.nanoTime();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private Progress progress = Progress.of("waiting for a worker");
  private long reported = start;

  public LiveProgress(Terminal terminal) {
    this.terminal = terminal;
    if (terminal.isLive()) {
      clock.scheduleAtFixedRate(this::draw, 0, REDRAW_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  public synchronized void event(JobEvent event) {
    switch (event.type()) {
      case "progress" -> show(Progress.of(event.data()));
      case "state" -> state(event.data());
      case "log" -> note(event);
      default -> {
        // Experts and metrics have commands of their own.
      }
    }
  }

  private void state(JsonNode data) {
    switch (data.path("state").asString("")) {
      case "QUEUED" -> {
        if (data.path("error").isObject()) {
          terminal.print(
              "The attempt failed and is tried again: "
                  + data.path("error").path("message").asString(""));
        }
        show(Progress.of("waiting for a worker"));
      }
      case "RUNNING" -> show(Progress.of("starting"));
      case "SUCCEEDED" -> terminal.print("The job succeeded after " + elapsed() + "\n");
      default -> {
        // Other outcomes are printed with their reason.
      }
    }
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

  private String elapsed() {
    return ProgressLine.clock(since(start).toSeconds());
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
