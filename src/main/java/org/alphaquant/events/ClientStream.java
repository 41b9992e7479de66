package org.alphaquant.events;

/**
 * The stream of one client. Many threads say what is due; one at a time writes it, which a client
 * that reads slowly may hold up.
 */
abstract class ClientStream {
  private final Wakes wakes = new Wakes();
  volatile boolean heartbeatDue;
  volatile boolean completionDue;
  volatile boolean cut;
  volatile boolean ended;

  final void heartbeatIsDue() {
    heartbeatDue = true;
  }

  final void completionIsDue() {
    completionDue = true;
  }

  /** The client's access has ended: nothing more is sent. */
  final void cutIsDue() {
    cut = true;
    completionDue = true;
  }

  /** Returns true to the caller that must schedule {@link #write}. */
  final boolean wake() {
    return wakes.add();
  }

  /** Sends what is pending; called after {@link #wake} returned true. */
  final void write() {
    wakes.run(this::tryToWrite);
  }

  /** Sends what is pending, and ends the stream where its client is gone. */
  abstract void tryToWrite();

  /** Stops taking anything, because the client is gone or the stream is complete. */
  abstract void end();
}
