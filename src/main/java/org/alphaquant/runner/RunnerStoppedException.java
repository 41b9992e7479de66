package org.alphaquant.runner;

import java.io.IOException;

/** A runner that must be ended: for its time, or its silence. */
final class RunnerStoppedException extends IOException {
  RunnerStoppedException(String message) {
    super(message);
  }
}
