package org.alphaquant.worker;

import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.alphaquant.job.DatabaseAway;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.springframework.dao.DataAccessException;

/** Which class a failure of a run belongs to. */
final class Failures {
  private static final int FRAMES = 8;

  private Failures() {}

  static JobError classify(Throwable failure) {
    if (failure instanceof RunFailure known) {
      return known.error();
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
          ? error("disk-full", JobError.Kind.RESOURCE, file)
          : error("input-output", JobError.Kind.TRANSIENT, file);
    }
    return error("internal-error", JobError.Kind.INTERNAL, failure);
  }

  private static IOException file(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException file) {
        return file;
      }
    }
    return null;
  }

  private static boolean isDiskFull(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.contains("No space left on device") || message.contains("Disk quota exceeded");
  }

  private static JobError error(String code, JobError.Kind kind, Throwable failure) {
    String message =
        failure.getMessage() == null ? failure.getClass().getName() : failure.getMessage();
    return new JobError(code, kind, message, where(failure));
  }

  private static String where(Throwable failure) {
    return Arrays.stream(failure.getStackTrace())
        .limit(FRAMES)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining("\n", failure.getClass().getName() + "\n", ""));
  }
}
