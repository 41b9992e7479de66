package org.alphaquant.job;

import static org.alphaquant.job.Limits.within;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One size of a ladder. Exactly one of {@code wq}, {@code config}, {@code bitsPerWeight} and {@code
 * budget} is given.
 *
 * @param name of the folder of its result; by default derived from the other fields
 * @param wq number format that replaces the default's in the job's configuration
 * @param groupSize replaces the default's group size; the format's own by default
 * @param config its own configuration
 * @param bitsPerWeight short for a budget of that many bits per weight
 * @param budget size limit, within which formats are allocated
 * @param output replaces the job's; null for the job's
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LadderStep(
    String name,
    String wq,
    Integer groupSize,
    JsonNode config,
    Double bitsPerWeight,
    Budget budget,
    OutputRequest output) {

  private static final int LONGEST_NAME = 64;

  public LadderStep {
    config = config == null || config.isNull() ? null : config.deepCopy();
    long given = Stream.of(wq, config, bitsPerWeight, budget).filter(it -> it != null).count();
    if (given != 1) {
      throw new SpecException(
          "wq", given + " of its kind", "the one of wq, config, bits_per_weight and budget");
    }
    if (config != null && !config.isObject()) {
      throw new SpecException("config", config, "a JSON object");
    }
    if (groupSize != null) {
      if (wq == null) {
        throw new SpecException("group_size", groupSize, "left out, or beside wq");
      }
      within("group_size", groupSize, -1, 1 << 20);
    }
    Limits.textOrNull("wq", wq, 32);
    if (output != null && output.location() != null) {
      throw new SpecException(
          "output/location", output.location(), "left out; all sizes go where the job's output is");
    }
    if (name != null && !name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0," + (LONGEST_NAME - 1) + "}")) {
      throw new SpecException(
          "name", name, "1 to " + LONGEST_NAME + " letters, digits, dots, dashes and underscores");
    }
  }

  /** Its budget; null where it has a configuration. */
  public Budget asBudget() {
    return bitsPerWeight == null ? budget : Budget.ofBits(bitsPerWeight);
  }

  /** The same under this name. */
  LadderStep named(String other) {
    return new LadderStep(other, wq, groupSize, config, bitsPerWeight, budget, output);
  }

  /** A name derived from the request. */
  String described() {
    if (wq != null) {
      return groupSize == null ? wq : wq + (groupSize < 0 ? "-rows" : "-g" + groupSize);
    }
    if (config != null) {
      JsonNode format = config.path("default").path("wq");
      return format.isString() ? format.stringValue() : "config";
    }
    Budget asked = asBudget();
    return asked.bytes() == null ? asked.bitsPerWeight() + "-bits" : asked.bytes() + "-bytes";
  }

  /**
   * Its configuration.
   *
   * @param base the job's; null if it has none
   */
  public JsonNode configuration(JsonNode base) {
    if (config != null) {
      return config;
    }
    if (wq == null) {
      return base;
    }
    ObjectNode own =
        base instanceof ObjectNode given ? given.deepCopy() : JsonNodeFactory.instance.objectNode();
    ObjectNode defaults = own.withObject("/default");
    defaults.put("wq", wq);
    defaults.remove("group_size");
    if (groupSize != null) {
      defaults.put("group_size", groupSize);
    }
    return own;
  }
}
