package org.alphaquant.runner;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The standard output and error of a runner. Written to the log of the current attempt; the last
 * lines are kept to explain how the runner ended.
 */
final class RunnerOutput {
  private static final Logger log = LoggerFactory.getLogger(RunnerOutput.class);
  private static final int MAX_LINE = 2000;
  private static final int MAX_LINES = 12;
  private static final long MAX_FILE = 1 << 20;

  private final long pid;
  private final Thread reader;
  private final Deque<String> last = new ArrayDeque<>();
  private Path file;
  private long written;

  RunnerOutput(Process process) {
    this.pid = process.pid();
    this.reader = new Thread(() -> read(process.getInputStream()), "runner-output-" + pid);
    reader.setDaemon(true);
    reader.start();
  }

  /** Sets the file that lines are written to; null for none. */
  synchronized void writeTo(Path newFile) {
    file = newFile;
    written = 0;
    last.clear();
  }

  /** The last lines of a runner that has ended. */
  List<String> lastLines() {
    try {
      reader.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      return List.copyOf(last);
    }
  }

  private void read(InputStream stream) {
    try (InputStream bytes = new BufferedInputStream(stream)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int value = bytes.read(); value >= 0; value = bytes.read()) {
        if (value == '\n') {
          add(line.toString(StandardCharsets.UTF_8));
          line.reset();
        } else if (line.size() < MAX_LINE) {
          line.write(value);
        }
      }
      add(line.toString(StandardCharsets.UTF_8));
    } catch (IOException closed) {
      // It ended.
    }
  }

  private synchronized void add(String line) {
    if (line.isBlank()) {
      return;
    }
    log.debug("runner {}: {}", pid, line);
    last.add(line);
    if (last.size() > MAX_LINES) {
      last.remove();
    }
    if (file != null && written < MAX_FILE) {
      append(line + "\n");
    }
  }

  private void append(String line) {
    try {
      byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
      Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      written += bytes.length;
    } catch (IOException full) {
      log.debug("runner {} cannot log to {}: {}", pid, file, full.getMessage());
      file = null;
    }
  }
}
