package org.alphaquant.model.design;

import java.util.Optional;

/**
 * A matrix that meets the residual stream, or the values of attention.
 *
 * @param weight its full name, of shape [out, in]
 * @param source the tensor that it is read from; another one for a head that shares the embedding's
 * @param bias full name of its bias
 * @param reads whether its columns are the stream's; rows of the embedding lie in the stream as
 *     well
 * @param writes whether its rows, and its bias, are added to the stream
 * @param norm what its input is multiplied with before
 * @param values where attention's values are among its rows, or among its columns where it writes
 */
public record StreamTensor(
    String weight,
    String source,
    Optional<String> bias,
    boolean reads,
    boolean writes,
    Optional<NormDesign> norm,
    Optional<Values> values) {

  /**
   * Values of so many heads, one behind the other.
   *
   * @param first where the first head's begin
   * @param heads how many
   * @param stride from one head's to the next
   * @param dimension of a value
   */
  public record Values(long first, long heads, long stride, long dimension) {

    /** Heads without anything between them. */
    static Values dense(long first, long heads, long dimension) {
      return new Values(first, heads, dimension, dimension);
    }
  }

  static StreamTensor reading(LinearDesign linear, Optional<NormDesign> norm) {
    return of(linear, true, false, norm);
  }

  /** Reads the stream without a linear's name or bias. */
  static StreamTensor reading(String weight, Optional<NormDesign> norm) {
    return new StreamTensor(weight, weight, Optional.empty(), true, false, norm, Optional.empty());
  }

  static StreamTensor writing(LinearDesign linear) {
    return of(linear, false, true, Optional.empty());
  }

  /** Neither reads nor writes the stream. */
  static StreamTensor inner(LinearDesign linear) {
    return of(linear, false, false, Optional.empty());
  }

  private static StreamTensor of(
      LinearDesign linear, boolean reads, boolean writes, Optional<NormDesign> norm) {
    Optional<String> bias = linear.bias() ? Optional.of(linear.biasTensor()) : Optional.empty();
    return new StreamTensor(
        linear.weight(), linear.weight(), bias, reads, writes, norm, Optional.empty());
  }

  StreamTensor from(String other) {
    return new StreamTensor(weight, other, bias, reads, writes, norm, values);
  }

  StreamTensor with(Values own) {
    return new StreamTensor(weight, source, bias, reads, writes, norm, Optional.of(own));
  }
}
