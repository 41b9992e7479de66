package org.alphaquant.webhook;

import java.util.ArrayList;
import java.util.List;

/** Limits concurrent attempts: in total, and a quarter of that per host. */
final class SendSlots {
  private final int all;
  private final List<String> taken = new ArrayList<>();

  SendSlots(int all) {
    this.all = all;
  }

  int forOneHost() {
    return Math.max(1, all / 4);
  }

  synchronized int free() {
    return all - taken.size();
  }

  /** The hosts of running attempts, one entry per attempt. */
  synchronized List<String> taken() {
    return List.copyOf(taken);
  }

  synchronized void take(String host) {
    taken.add(host);
  }

  synchronized void release(String host) {
    taken.remove(host);
  }
}
