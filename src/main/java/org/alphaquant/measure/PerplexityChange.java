package org.alphaquant.measure;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Perplexity of the original and of the quantized model on the same windows.
 *
 * @param before of the original; null where a model was measured alone
 * @param after of the quantized model, or of the only one
 * @param beforeInterval 95 % interval of {@code before}
 * @param afterInterval 95 % interval of {@code after}
 * @param change the increase, with the interval of windows drawn in pairs, which is far narrower
 * @param tokens predictions that it is the mean of
 * @param window tokens per window
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PerplexityChange(
    Double before,
    double after,
    Interval beforeInterval,
    Interval afterInterval,
    Figure change,
    Long tokens,
    Integer window) {

  /** Of a model alone where {@code before} is null. */
  public static PerplexityChange of(Losses before, Losses after) {
    Figure is = after.perplexity();
    Figure was = before == null ? null : before.perplexity();
    return new PerplexityChange(
        was == null ? null : was.value(),
        is.value(),
        was == null ? null : new Interval(was.low(), was.high()),
        new Interval(is.low(), is.high()),
        was == null ? null : after.change(before),
        after.tokens(),
        after.predicted() + 1);
  }

  /** Ends of a 95 % interval. */
  public record Interval(double low, double high) {}
}
