package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.runner.wire.MessageChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * The unit of work during which an attempt lost its runner, stored in the attempt's folder for
 * later attempts.
 *
 * @param unit its name
 * @param end how the runner ended
 */
record LostUnit(String unit, RunnerMeters.End end) {
  private static final Logger log = LoggerFactory.getLogger(LostUnit.class);
  private static final String FILE = "runner-lost.json";

  void writeTo(Path attempt) {
    try {
      Files.write(attempt.resolve(FILE), MessageChannel.JSON.writeValueAsBytes(this));
    } catch (IOException e) {
      log.warn("{} cannot be written: {}", attempt.resolve(FILE), e.getMessage());
    }
  }

  /** Number of earlier attempts that were lost in the same unit in the same way. */
  int timesIn(List<Path> attempts) {
    return (int) attempts.stream().filter(attempt -> equals(read(attempt))).count();
  }

  private static LostUnit read(Path attempt) {
    Path file = attempt.resolve(FILE);
    try {
      return Files.exists(file)
          ? MessageChannel.JSON.readValue(Files.readAllBytes(file), LostUnit.class)
          : null;
    } catch (IOException | JacksonException e) {
      log.warn("{} cannot be read: {}", file, e.getMessage());
      return null;
    }
  }
}
