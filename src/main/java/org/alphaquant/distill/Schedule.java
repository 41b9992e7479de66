package org.alphaquant.distill;

import java.util.Random;

/** Which sequences a step takes, and how large it is: the same for the same settings, always. */
record Schedule(DistillSettings settings, int sequences) {

  private static final double WARM_UP = 1.0 / 20;

  int steps() {
    return settings.steps(sequences);
  }

  /** The sequences of a step: every epoch takes each once, in a new order. */
  int[] sequences(int step) {
    int perEpoch = steps() / settings.epochs();
    int[] order = order(step / perEpoch);
    int from = step % perEpoch * settings.batch();
    int to = Math.min(sequences, from + settings.batch());
    return java.util.Arrays.copyOfRange(order, from, to);
  }

  /** Factor on the learning rates: a short warm-up, then linear decay to zero. */
  double factor(int step) {
    double done = (double) step / steps();
    return Math.min(1, (step + 1) / (WARM_UP * steps())) * (1 - done);
  }

  // Fisher and Yates's shuffle.
  private int[] order(int epoch) {
    Random random = new Random(settings.seed() * 31 + epoch);
    int[] order = new int[sequences];
    for (int i = 0; i < sequences; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
