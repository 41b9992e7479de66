package org.alphaquant.architecture;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Typed reading of config.json. A default applies to a missing key only; null is a value of its
 * own, and only the readers named {@code OrNull} take it. Every error names the key.
 *
 * @param path prefix of the keys within the file, such as {@code text_config.}
 * @param asked every key that was read, with its path
 * @param meant what missing keys were taken to mean, by the key with its path
 */
public record ModelConfig(
    JsonNode root, String path, Set<String> asked, Map<String, Object> meant) {

  /** Without any key. */
  public static final ModelConfig EMPTY = new ModelConfig(JsonNodeFactory.instance.objectNode());

  private static final int MAX_COUNT = 100_000;

  /** The whole of a config.json. */
  public ModelConfig(JsonNode root) {
    this(root, "", ConcurrentHashMap.newKeySet(), new ConcurrentHashMap<>());
  }

  /** The value that a missing key means, which is noted. */
  public <T> T missingMeans(String key, T value) {
    meant.put(path + key, value);
    return value;
  }

  /** What keys that this object lacks were taken to mean so far. */
  public Map<String, Object> defaults() {
    Map<String, Object> own = new TreeMap<>();
    meant.forEach(
        (key, value) -> {
          String inside = key.startsWith(path) ? key.substring(path.length()) : "";
          if (!inside.isEmpty() && !inside.contains(".") && !root.hasNonNull(inside)) {
            own.put(inside, value);
          }
        });
    return own;
  }

  public boolean missing(String key) {
    return get(key) == null;
  }

  /** Refuses to go on without a key that the family has no default for. */
  public void require(String key) {
    if (missingOrNull(key)) {
      throw wrong(key, "is missing; this family has no default for it");
    }
  }

  /** Whether a key of this object was read. */
  public boolean wasAsked(String key) {
    return asked.contains(path + key);
  }

  public boolean missingOrNull(String key) {
    return missing(key) || get(key).isNull();
  }

  /** The first of several spellings that is present; the first one if none is. */
  public String spelling(String... keys) {
    return Arrays.stream(keys).filter(key -> !missing(key)).findFirst().orElse(keys[0]);
  }

  /** A required whole number above zero. */
  public long positive(String key) {
    return positiveOrNull(key)
        .orElseThrow(() -> wrong(key, missing(key) ? "is missing" : "is null"));
  }

  /** A whole number above zero. */
  public long positive(String key, long whenMissing) {
    return missing(key) ? missingMeans(key, whenMissing) : positive(key);
  }

  /** The same as an int, for numbers of experts and groups. */
  public int count(String key) {
    return small(key, positive(key));
  }

  /** The same as an int. */
  public int count(String key, int whenMissing) {
    return small(key, positive(key, whenMissing));
  }

  /** A whole number above zero; empty when missing or null. */
  public OptionalLong positiveOrNull(String key) {
    OptionalLong value = integerOrNull(key);
    if (value.isPresent() && value.getAsLong() < 1) {
      throw wrong(key, "is " + value.getAsLong() + "; it must be 1 or more");
    }
    return value;
  }

  /** A whole number from zero; empty when missing or null. */
  public OptionalLong integerOrNull(String key) {
    if (missingOrNull(key)) {
      return OptionalLong.empty();
    }
    JsonNode value = get(key);
    if (!isWhole(value)) {
      throw wrong(key, "is " + value + "; it must be a whole number from 0");
    }
    return OptionalLong.of(value.asLong());
  }

  /** A whole number from zero; a null is 0. */
  public long fromZeroOrNull(String key, long whenMissing) {
    return missing(key) ? missingMeans(key, whenMissing) : integerOrNull(key).orElse(0);
  }

  // Tools that read config.json as a table write 2048.0.
  private static boolean isWhole(JsonNode value) {
    return value.isNumber()
        && real(value) >= 0
        && real(value) <= Long.MAX_VALUE
        && (value.isIntegralNumber()
            ? value.canConvertToLong()
            : real(value) == Math.rint(real(value)));
  }

  // Infinite for whole numbers beyond a double, which asDouble() refuses.
  private static double real(JsonNode number) {
    return number.numberValue().doubleValue();
  }

  public double number(String key, double whenMissing) {
    return missing(key) ? missingMeans(key, whenMissing) : number(key);
  }

  /** A required number. */
  public double number(String key) {
    JsonNode value = get(key);
    if (value == null) {
      throw wrong(key, "is missing");
    }
    if (!value.isNumber()) {
      throw wrong(key, "is " + value + "; it must be a number");
    }
    if (!Float.isFinite((float) real(value))) {
      throw wrong(key, "is " + value + ", beyond the range of float32");
    }
    return real(value);
  }

  /** A positive number, for divisors and radicands. */
  public double aboveZero(String key, double whenMissing) {
    double value = number(key, whenMissing);
    if (!((float) value > 0)) {
      throw wrong(key, "is " + value + "; it must be above 0 in float32");
    }
    return value;
  }

  /** A required number above zero. */
  public double aboveZero(String key) {
    return aboveZero(key, number(key));
  }

  /** A number above zero; empty when missing or null. */
  public Optional<Double> aboveZeroOrNull(String key) {
    return missingOrNull(key) ? Optional.empty() : Optional.of(aboveZero(key));
  }

  /** A number that is not below zero. */
  public double fromZero(String key, double whenMissing) {
    double value = number(key, whenMissing);
    if (!(value >= 0)) {
      throw wrong(key, "is " + value + "; it must be 0 or above");
    }
    return value;
  }

  /** A number that is not below zero; empty when missing or null. */
  public Optional<Double> fromZeroOrNull(String key) {
    return missingOrNull(key) ? Optional.empty() : Optional.of(fromZero(key, 0));
  }

  /** A number; empty when missing or null. */
  public Optional<Double> numberOrNull(String key) {
    return missingOrNull(key) ? Optional.empty() : Optional.of(number(key));
  }

  public boolean flag(String key, boolean whenMissing) {
    JsonNode value = get(key);
    if (value == null) {
      return missingMeans(key, whenMissing);
    }
    if (!value.isBoolean()) {
      throw wrong(key, "is " + value + "; it must be true or false");
    }
    return value.asBoolean();
  }

  /** A string; empty when missing or null. */
  public Optional<String> textOrNull(String key) {
    if (missingOrNull(key)) {
      return Optional.empty();
    }
    if (!get(key).isString()) {
      throw wrong(key, "is " + get(key) + "; it must be a string");
    }
    return Optional.of(get(key).asString());
  }

  /** A string that must be one of a few where it is given at all. */
  public String oneOf(String key, String whenMissingOrNull, Set<String> allowed) {
    String value = textOrNull(key).orElse(whenMissingOrNull);
    if (!allowed.contains(value)) {
      throw wrong(key, "is '" + value + "'; supported: " + String.join(", ", allowed));
    }
    return value;
  }

  /** A list of whole numbers from zero; empty when missing or null. */
  public List<Long> integersOrNull(String key) {
    List<Long> values = new ArrayList<>();
    for (JsonNode item : list(key)) {
      if (!isWhole(item)) {
        throw wrong(key, "holds " + item + "; it must be a list of whole numbers from 0");
      }
      values.add(item.asLong());
    }
    return values;
  }

  /** A list of numbers; empty when missing or null. */
  public List<Double> numbersOrNull(String key) {
    List<Double> values = new ArrayList<>();
    for (JsonNode item : list(key)) {
      if (!item.isNumber() || !Float.isFinite((float) real(item))) {
        throw wrong(key, "holds " + item + "; it must be a list of finite numbers");
      }
      values.add(real(item));
    }
    return values;
  }

  /** A list of strings; empty when missing or null. */
  public List<String> textsOrNull(String key) {
    List<String> values = new ArrayList<>();
    for (JsonNode item : list(key)) {
      if (!item.isString()) {
        throw wrong(key, "holds " + item + "; it must be a list of strings");
      }
      values.add(item.asString());
    }
    return values;
  }

  /** A nested object; empty when missing or null. */
  public Optional<ModelConfig> objectOrNull(String key) {
    if (missingOrNull(key)) {
      return Optional.empty();
    }
    if (!get(key).isObject()) {
      throw wrong(key, "is " + get(key) + "; it must be an object");
    }
    return Optional.of(new ModelConfig(get(key), path + key + ".", asked, meant));
  }

  /** Refuses a value of a flag that would change the arithmetic in an unsupported way. */
  public void refuse(String key, boolean refused) {
    if (!missingOrNull(key) && flag(key, !refused) == refused) {
      throw wrong(key, "is " + refused + ", which is not supported for this family");
    }
  }

  /** An error about a key. */
  public ModelException wrong(String key, String problem) {
    return ModelException.config(path + key, problem);
  }

  private JsonNode get(String key) {
    asked.add(path + key);
    return root.get(key);
  }

  private int small(String key, long value) {
    if (value > MAX_COUNT) {
      throw wrong(key, "is " + value + ", above " + MAX_COUNT);
    }
    return (int) value;
  }

  private Iterable<JsonNode> list(String key) {
    if (missingOrNull(key)) {
      return List.of();
    }
    if (!get(key).isArray()) {
      throw wrong(key, "is " + get(key) + "; it must be a list");
    }
    return get(key);
  }
}
