package org.alphaquant.estimate;

/**
 * Floating-point operations of a run, and from them its time.
 *
 * <p>A projection with {@code I} inputs and {@code P} weights that sees {@code t} tokens costs
 * {@code 2 t P} for each forward pass, of which there are two (for the Hessian's inputs and with
 * quantized weights), {@code 2 t I²} for its Hessian, {@code 4/3 I³} for the Cholesky factor of the
 * inverse (factor, inverse, factor again) and {@code 2 P I} for the column loop. Attention scores
 * and the scale search are small beside that and left out. gate and up share a Hessian.
 *
 * @param operations floating-point operations of the whole run
 */
public record WorkEstimate(double operations) {

  /** The estimate for a run. */
  public static WorkEstimate of(RunShape shape) {
    double hidden = shape.hidden();
    double layer =
        projections(shape.tokens(), hidden, shape.attentionWeights(), 2)
            + mlp(shape.tokens(), hidden, shape.denseWidth());
    if (shape.experts() > 0) {
      double each = (double) shape.tokens() * shape.expertsPerToken() / shape.experts();
      layer += shape.experts() * mlp(each, hidden, shape.expertWidth());
    }
    return new WorkEstimate(shape.layers() * layer);
  }

  /** The same with additional work. */
  public WorkEstimate plus(double more) {
    return new WorkEstimate(operations + more);
  }

  /** Minutes at a sustained rate in operations per second. */
  public double minutes(double operationsPerSecond) {
    return operations / operationsPerSecond / 60;
  }

  private static double mlp(double tokens, double hidden, double width) {
    if (width == 0) {
      return 0;
    }
    return projections(tokens, hidden, 2 * hidden * width, 1)
        + projections(tokens, width, hidden * width, 1);
  }

  private static double projections(double tokens, double inputs, double weights, int hessians) {
    double perHessian = 2 * tokens * inputs * inputs + 4.0 / 3 * inputs * inputs * inputs;
    return 4 * tokens * weights + hessians * perHessian + 2 * weights * inputs;
  }
}
