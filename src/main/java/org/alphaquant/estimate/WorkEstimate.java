package org.alphaquant.estimate;

import org.alphaquant.job.plan.JobPlan;

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

  // Outputs that settings are tried on, and the part of the tokens that is held out to judge them.
  private static final double TRIED_OUTPUTS = 64;
  private static final double HELD_OUT = 1.0 / 8;

  /** A projection's operations for so many tokens, with this many Hessians of its inputs. */
  private interface Cost {
    double of(double tokens, double inputs, double weights, int hessians);
  }

  /** The estimate for a run. */
  public static WorkEstimate of(RunShape shape) {
    return new WorkEstimate(calibration(shape, 4).operations() + solving(shape).operations());
  }

  /** One forward pass and the Hessians, which are kept and not solved with. */
  public static WorkEstimate calibration(RunShape shape) {
    return calibration(shape, 2);
  }

  private static WorkEstimate calibration(RunShape shape, double perWeight) {
    return summed(
        shape,
        (tokens, inputs, weights, hessians) ->
            perWeight * tokens * weights + hessians * 2 * tokens * inputs * inputs);
  }

  /** Solving with Hessians that are there. */
  public static WorkEstimate solving(RunShape shape) {
    return summed(
        shape,
        (tokens, inputs, weights, hessians) ->
            hessians * 4.0 / 3 * Math.pow(inputs, 3) + 2 * weights * inputs);
  }

  /**
   * Choosing the settings of every matrix by held-out error: its Hessian over the tokens held out,
   * and a factor and a few outputs for every trial.
   */
  public static WorkEstimate trials(RunShape shape, int trials) {
    return trials == 0
        ? new WorkEstimate(0)
        : summed(
            shape,
            (tokens, inputs, weights, hessians) ->
                hessians
                    * (2 * HELD_OUT * tokens * inputs * inputs
                        + trials
                            * (4.0 / 3 * Math.pow(inputs, 3)
                                + 2 * TRIED_OUTPUTS * inputs * inputs)));
  }

  private static WorkEstimate summed(RunShape shape, Cost cost) {
    double hidden = shape.hidden();
    double layer =
        cost.of(shape.tokens(), hidden, shape.attentionWeights(), 2)
            + mlp(shape.tokens(), hidden, shape.denseWidth(), cost);
    if (shape.experts() > 0) {
      double each = (double) shape.tokens() * shape.expertsPerToken() / shape.experts();
      layer += shape.experts() * mlp(each, hidden, shape.expertWidth(), cost);
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

  private static double mlp(double tokens, double hidden, double width, Cost cost) {
    return width == 0
        ? 0
        : cost.of(tokens, hidden, 2 * hidden * width, 1)
            + cost.of(tokens, width, hidden * width, 1);
  }

  /**
   * 32-bit operations per second that plans reckon with; not measured on the device that will run
   * the job. They are the estimated operations over the seconds of a run: the bundled model on two
   * CPU cores (62e9 in about 6.5 s, trials of settings counted in), and a model of OLMoE-1B-7B's
   * size on an H200 (1.6e15 in about 12 s, docs/performance.md).
   */
  public enum NominalRate {
    CPU("cpu", 1e10),
    CUDA("cuda", 1.3e14);

    private final String device;
    private final double operationsPerSecond;

    NominalRate(String device, double operationsPerSecond) {
      this.device = device;
      this.operationsPerSecond = operationsPerSecond;
    }

    public JobPlan.Estimate estimate(WorkEstimate work) {
      return new JobPlan.Estimate(device, operationsPerSecond, work.minutes(operationsPerSecond));
    }
  }
}
