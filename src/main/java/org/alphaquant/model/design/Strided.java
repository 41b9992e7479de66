package org.alphaquant.model.design;

/** The positions {@code first}, {@code first + step}, ... */
record Strided(long first, long step) {

  long at(long index) {
    return first + index * step;
  }
}
