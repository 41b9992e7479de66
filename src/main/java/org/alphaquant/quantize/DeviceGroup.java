package org.alphaquant.quantize;

import java.util.Arrays;
import java.util.List;

/**
 * The devices that quantize one model together, each driven by a thread of its own. All threads
 * take the same steps and synchronize where one needs the results of the others. A thread that
 * fails releases the others.
 */
public final class DeviceGroup {

  private final int size;
  private Object[] given;
  private List<Object> round = List.of();
  private long rounds;
  private int arrived;
  private Throwable failure;

  public DeviceGroup(int size) {
    this.size = size;
    this.given = new Object[size];
  }

  /** A device by itself. */
  public static Rank alone() {
    return new DeviceGroup(1).rank(0);
  }

  /** The place of one device; its thread keeps it. */
  public Rank rank(int index) {
    return new Rank(this, index);
  }

  int size() {
    return size;
  }

  /** Ends the others' waiting, now and later, with this failure; the first one counts. */
  public synchronized void fail(Throwable cause) {
    failure = failure == null ? cause : failure;
    notifyAll();
  }

  /** Rethrows the failure of a device, if one failed. */
  public synchronized void requireWhole() {
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  /** Gathers one value of every device, in the order of ranks. */
  synchronized List<Object> exchange(int rank, Object own) {
    given[rank] = own;
    arrived++;
    long before = rounds;
    if (arrived == size) {
      round = Arrays.asList(given);
      given = new Object[size];
      arrived = 0;
      rounds++;
      notifyAll();
    }
    while (rounds == before && failure == null) {
      pause();
    }
    requireWhole();
    return round;
  }

  private void pause() {
    try {
      wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while another device computes", e);
    }
  }
}
