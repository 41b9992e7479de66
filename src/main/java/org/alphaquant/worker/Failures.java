package org.alphaquant.worker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.device.DeviceErrors;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** Classifies the failures of runs. */
public final class Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  // ENOSPC, EDQUOT, EFBIG: Java reports only the system's message, not the error number.
  private static final List<String> FULL =
      List.of("No space left on device", "Disk quota exceeded", "File too large");

  private Failures() {}

  /**
   * The error to store for a failure.
   *
   * @param folder the folder of the job's attempts
   */
  public static JobError classify(Throwable failure, Path folder) {
    if (failure instanceof RunFailure known) {
      return known.error();
    }
    if (isOfACard(failure)) {
      return error("device-error", JobError.Kind.TRANSIENT, failure);
    }
    if (failure instanceof OutOfMemoryError) {
      return error("out-of-memory", JobError.Kind.RESOURCE, failure);
    }
    if (failure instanceof DataAccessException database) {
      boolean mayPass = DatabaseAway.caused(database);
      return error("database", mayPass ? JobError.Kind.TRANSIENT : JobError.Kind.INTERNAL, failure);
    }
    IOException file = file(failure);
    if (file != null) {
      return isDiskFull(file)
          ? diskFull(file, folder)
          : error("input-output", JobError.Kind.TRANSIENT, file);
    }
    log.error("A run failed for an unknown reason", failure);
    return error("internal-error", JobError.Kind.INTERNAL, failure);
  }

  // An exception that wraps a CUDA error may not repeat its message, so causes are searched.
  private static boolean isOfACard(Throwable failure) {
    return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
        .anyMatch(cause -> DeviceErrors.isDeviceError(String.valueOf(cause.getMessage())));
  }

  private static IOException file(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException file) {
        return file;
      }
    }
    return null;
  }

  private static JobError diskFull(IOException failure, Path folder) {
    return new JobError(
        "disk-full",
        JobError.Kind.RESOURCE,
        "no space is left to write to %s: %s".formatted(folder, failure.getMessage()),
        "Free some space or set alphaquant.data-dir to a larger disk, then retry the job: it resumes"
            + " after its last finished layer.");
  }

  private static boolean isDiskFull(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    return FULL.stream().anyMatch(message::contains);
  }

  private static JobError error(String code, JobError.Kind kind, Throwable failure) {
    String message =
        failure.getMessage() == null ? "the run failed without a message" : failure.getMessage();
    String detail =
        kind == JobError.Kind.INTERNAL
            ? "This is a fault of the service; its log has the details under the job's id."
            : null;
    return new JobError(code, kind, message, detail);
  }
}
