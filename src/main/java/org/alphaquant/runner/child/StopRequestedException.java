package org.alphaquant.runner.child;

/** Stops the work because the service asked for it. */
final class StopRequestedException extends RuntimeException {
  StopRequestedException() {
    super("the service asked to stop", null, false, false);
  }
}
