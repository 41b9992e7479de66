package org.alphaquant.measure;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Share of multiple-choice questions whose right choice has the largest log-likelihood.
 *
 * @param questions how many
 * @param before of the original; null where a model was measured alone
 * @param after of the quantized model, or of the only one
 * @param change the difference, questions drawn in pairs; null without {@code before}
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Accuracy(int questions, Figure before, Figure after, Figure change) {

  /**
   * Of whether each question was answered right.
   *
   * @param before null where a model was measured alone
   */
  public static Accuracy of(List<Boolean> before, List<Boolean> after) {
    double[] is = values(after);
    if (before == null) {
      return new Accuracy(is.length, null, Bootstrap.mean(is), null);
    }
    double[] was = values(before);
    double[] change = new double[is.length];
    for (int i = 0; i < is.length; i++) {
      change[i] = is[i] - was[i];
    }
    return new Accuracy(is.length, Bootstrap.mean(was), Bootstrap.mean(is), Bootstrap.mean(change));
  }

  private static double[] values(List<Boolean> right) {
    return right.stream().mapToDouble(it -> it ? 1 : 0).toArray();
  }
}
