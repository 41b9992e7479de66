package org.alphaquant.storage.source;

/** The positions {@code first}, {@code first + step}, ... */
public record Strided(long first, long step) {

  public long at(long index) {
    return first + index * step;
  }
}
