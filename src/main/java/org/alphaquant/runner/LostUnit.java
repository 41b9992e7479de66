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
 * The unit of work that an attempt's runner was lost in, as the attempt's folder keeps it for the
 * attempts that follow.
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

  /** How many of the earlier attempts were lost like this one. */
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
