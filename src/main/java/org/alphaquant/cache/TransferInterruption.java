package org.alphaquant.cache;

import java.time.Duration;
import java.util.Optional;

/** A transfer that failed or ended early and may be retried. */
public final class TransferInterruption extends Exception {

  private final transient FetchException reason;
  private final transient Duration pause;
  private final boolean fromZero;
  private final boolean stalled;

  private TransferInterruption(
      FetchException reason, Duration pause, boolean fromZero, boolean stalled) {
    super(reason);
    this.reason = reason;
    this.pause = pause;
    this.fromZero = fromZero;
    this.stalled = stalled;
  }

  /** A failure to retry after the usual pause. */
  public static TransferInterruption of(FetchException reason) {
    return new TransferInterruption(reason, null, false, false);
  }

  /**
   * A failed transfer that may be retried after a pause.
   *
   * @param pause the pause that the server asks for; the default where empty
   */
  public static TransferInterruption of(FetchException reason, Optional<Duration> pause) {
    return new TransferInterruption(reason, pause.orElse(null), false, false);
  }

  /** A failure to retry from the beginning of the file. */
  public static TransferInterruption fromZero(FetchException reason) {
    return new TransferInterruption(reason, null, true, false);
  }

  /** The transfer was too slow to count as progress. */
  static TransferInterruption stalled(FetchException reason) {
    return new TransferInterruption(reason, null, false, true);
  }

  FetchException reason() {
    return reason;
  }

  Optional<Duration> pause() {
    return Optional.ofNullable(pause);
  }

  boolean isFromZero() {
    return fromZero;
  }

  boolean isStalled() {
    return stalled;
  }
}
