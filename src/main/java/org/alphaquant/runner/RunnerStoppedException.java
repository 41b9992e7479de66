package org.alphaquant.runner;

import java.io.IOException;

/** A runner took too long or gave no sign of life, so that it must be ended. */
final class RunnerStoppedException extends IOException {
  RunnerStoppedException(String message) {
    super(message);
  }
}
