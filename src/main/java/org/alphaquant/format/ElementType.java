package org.alphaquant.format;

/**
 * Small binary floating-point numbers: one sign bit, exponent, mantissa, with subnormals and
 * without infinities on their grid. Values beyond {@link #largest} saturate.
 *
 * @see <a
 *     href="https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf">OCP
 *     Microscaling Formats v1.0, section 5.3</a>
 */
enum ElementType {
  E2M1(4, 1, 0, 6.0),
  E2M3(6, 3, 0, 7.5),
  E3M2(6, 2, -2, 28.0),
  E4M3(8, 3, -6, 448.0),
  E5M2(8, 2, -14, 57344.0),
  BFLOAT16(16, 7, -126, 0x1.FEp127);

  final int bits;
  final int mantissaBits;
  final int minimumExponent;
  final double largest;

  ElementType(int bits, int mantissaBits, int minimumExponent, double largest) {
    this.bits = bits;
    this.mantissaBits = mantissaBits;
    this.minimumExponent = minimumExponent;
    this.largest = largest;
  }
}
