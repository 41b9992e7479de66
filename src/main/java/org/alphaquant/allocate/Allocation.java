package org.alphaquant.allocate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A choice of formats within a budget, for reports.
 *
 * @param sensitivity how the cost of each format was determined: {@code measured}, {@code
 *     estimated} or {@code spectrum}
 * @param tokens of the text on which divergence was measured; null if it was not
 * @param grain how finely formats may be mixed
 * @param budgetBytes limit of all quantized tensors together
 * @param bytes their size
 * @param bitsPerWeight their size per weight
 * @param formats to choose from
 * @param units each with its format
 * @param config the resulting configuration; posted by itself it gives the same result
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Allocation(
    String sensitivity,
    Integer tokens,
    String grain,
    long budgetBytes,
    long bytes,
    double bitsPerWeight,
    List<String> formats,
    List<Choice> units,
    JsonNode config) {

  public Allocation {
    formats = List.copyOf(formats);
    units = List.copyOf(units);
  }

  /**
   * One unit.
   *
   * @param unit its name, a {@code *} for every expert
   * @param modules how many
   * @param weights how many
   * @param wq the format that it got
   * @param bitsPerWeight stored, scales counted in
   * @param cost what that format costs here: nats a token where divergence was measured, else a
   *     number without a unit
   * @param costs the same of every format
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Choice(
      String unit,
      int modules,
      long weights,
      String wq,
      double bitsPerWeight,
      long bytes,
      double cost,
      Map<String, Double> costs) {}
}
