package org.alphaquant.rotation;

import java.math.BigInteger;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A matrix of +1 and -1 with orthogonal rows, for a width: blocks of equal size, each the Kronecker
 * product of a Sylvester matrix, of order 2^k, and a small one.
 *
 * @param width of the whole
 * @param block width of a block; mostly the whole
 * @param small [m][m], of order 1 or one that Paley's constructions give
 */
record Hadamard(int width, int block, double[][] small) {

  /** Blocks below this spread an outlier over too few dimensions. */
  static final int LEAST_BLOCK = 16;

  private static final double[][] ONE = {{1}};

  /** One for this width; empty where none is known here and no power of two serves as block. */
  static Optional<Hadamard> of(long width) {
    int n = Math.toIntExact(width);
    int twos = Integer.numberOfTrailingZeros(n);
    if (n == 1 << twos) {
      return Optional.of(new Hadamard(n, n, ONE));
    }
    return IntStream.rangeClosed(0, twos)
        .map(k -> n >> (twos - k))
        .mapToObj(Hadamard::paley)
        .flatMap(Optional::stream)
        .findFirst()
        .map(small -> new Hadamard(n, n, small))
        .or(
            () ->
                1 << twos < LEAST_BLOCK
                    ? Optional.empty()
                    : Optional.of(new Hadamard(n, 1 << twos, ONE)));
  }

  /**
   * Paley 1933, On orthogonal matrices: of order q + 1 for a prime q of the form 4 t + 3, of order
   * 2 (q + 1) for one of the form 4 t + 1.
   */
  static Optional<double[][]> paley(int order) {
    if (order % 4 != 0) {
      return Optional.empty();
    }
    if (isPrime(order - 1)) {
      return Optional.of(first(order - 1));
    }
    int q = order / 2 - 1;
    return q % 4 == 1 && isPrime(q) ? Optional.of(second(q)) : Optional.empty();
  }

  private static boolean isPrime(int q) {
    return BigInteger.valueOf(q).isProbablePrime(50);
  }

  // I + S with the skew conference matrix S of the quadratic residues.
  private static double[][] first(int q) {
    double[][] h = conference(q, -1);
    for (int i = 0; i <= q; i++) {
      h[i][i] = 1;
    }
    return h;
  }

  // Each entry of the symmetric conference matrix becomes a block: 0 [1 -1; -1 -1], 1 [1 1; 1 -1].
  private static double[][] second(int q) {
    double[][] c = conference(q, 1);
    double[][] h = new double[2 * (q + 1)][2 * (q + 1)];
    for (int i = 0; i <= q; i++) {
      for (int j = 0; j <= q; j++) {
        double entry = c[i][j];
        h[2 * i][2 * j] = entry == 0 ? 1 : entry;
        h[2 * i][2 * j + 1] = entry == 0 ? -1 : entry;
        h[2 * i + 1][2 * j] = entry == 0 ? -1 : entry;
        h[2 * i + 1][2 * j + 1] = -(entry == 0 ? 1 : entry);
      }
    }
    return h;
  }

  // A border of ones around the Legendre symbols of i - j; `left` is the sign of the first column.
  private static double[][] conference(int q, int left) {
    double[][] c = new double[q + 1][q + 1];
    for (int i = 1; i <= q; i++) {
      c[0][i] = 1;
      c[i][0] = left;
      for (int j = 1; j <= q; j++) {
        c[i][j] = legendre(i - j, q);
      }
    }
    return c;
  }

  private static int legendre(int a, int q) {
    BigInteger p = BigInteger.valueOf(q);
    BigInteger power =
        BigInteger.valueOf(Math.floorMod(a, q)).modPow(BigInteger.valueOf((q - 1) / 2), p);
    return power.bitLength() <= 1 ? power.intValue() : -1;
  }
}
