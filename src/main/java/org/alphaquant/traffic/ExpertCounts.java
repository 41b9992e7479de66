package org.alphaquant.traffic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * How often each expert was chosen, for every layer with experts.
 *
 * @param layers counts of a layer's experts by the layer's number; each layer has some
 */
public record ExpertCounts(NavigableMap<Integer, double[]> layers) {

  /**
   * Reads counts of a model.
   *
   * @param json by layer an array with a number for each expert, or an object of numbers by expert,
   *     where one that is absent was never chosen; the layers as an object by number, or as an
   *     array of all layers or of those with experts
   * @param experts number of experts of every layer that has some
   * @param count number of layers, dense ones among them
   * @throws TrafficException if they are not those of this model
   */
  public static ExpertCounts read(
      JsonNode json, NavigableMap<Integer, Integer> experts, int count) {
    if (experts.isEmpty()) {
      throw new TrafficException("", "the model has no experts that traffic could use");
    }
    Map<Integer, JsonNode> given = byLayer(json, experts, count);
    NavigableMap<Integer, double[]> layers = new TreeMap<>();
    experts.forEach(
        (layer, of) -> {
          JsonNode own = given.get(layer);
          if (own == null) {
            throw new TrafficException("", "layer %d has no counts".formatted(layer));
          }
          layers.put(layer, counts(own, layer, of));
        });
    return new ExpertCounts(layers);
  }

  private static Map<Integer, JsonNode> byLayer(
      JsonNode json, NavigableMap<Integer, Integer> experts, int count) {
    Map<Integer, JsonNode> layers = new TreeMap<>();
    if (json.isObject()) {
      json.properties()
          .forEach(entry -> layers.put(layer(entry.getKey(), experts, count), entry.getValue()));
      return layers;
    }
    if (!json.isArray()) {
      throw new TrafficException("", "counts are an object or an array of layers, not " + json);
    }
    if (json.size() != count && json.size() != experts.size()) {
      throw new TrafficException(
          "",
          "counts of %d layers; the model has %d, of which %d have experts"
              .formatted(json.size(), count, experts.size()));
    }
    boolean all = json.size() == count;
    Iterator<Integer> sparse = experts.keySet().iterator();
    for (int i = 0; i < json.size(); i++) {
      if (!all || experts.containsKey(i)) {
        layers.put(all ? i : sparse.next(), json.get(i));
      } else if (!isUnused(json.get(i))) {
        throw noExperts("/" + i, i, experts);
      }
    }
    return layers;
  }

  // Engines write zeros for dense layers.
  private static boolean isUnused(JsonNode layer) {
    return layer.valueStream().allMatch(count -> count.isNumber() && count.doubleValue() == 0);
  }

  private static int layer(String name, NavigableMap<Integer, Integer> experts, int count) {
    int layer = number(name);
    if (layer < 0 || layer >= count) {
      throw new TrafficException(
          "/" + name, "there is no layer '%s'; layers are 0 to %d".formatted(name, count - 1));
    }
    if (!experts.containsKey(layer)) {
      throw noExperts("/" + name, layer, experts);
    }
    return layer;
  }

  private static TrafficException noExperts(
      String place, int layer, NavigableMap<Integer, Integer> experts) {
    return new TrafficException(
        place,
        "layer %d has no experts; those that have are %s".formatted(layer, experts.keySet()));
  }

  private static double[] counts(JsonNode json, int layer, int experts) {
    double[] counts = new double[experts];
    if (json.isArray()) {
      if (json.size() != experts) {
        throw new TrafficException(
            "/" + layer,
            "layer %d has %d experts and %d counts".formatted(layer, experts, json.size()));
      }
      for (int e = 0; e < experts; e++) {
        counts[e] = count(json.get(e), layer, e);
      }
    } else if (json.isObject()) {
      json.properties()
          .forEach(
              entry -> {
                int expert = expert(entry.getKey(), layer, experts);
                counts[expert] = count(entry.getValue(), layer, expert);
              });
    } else {
      throw new TrafficException(
          "/" + layer,
          "the counts of layer %d are neither an array nor an object".formatted(layer));
    }
    if (Arrays.stream(counts).sum() == 0) {
      throw new TrafficException(
          "/" + layer, "all counts of layer %d are zero: no traffic passed it".formatted(layer));
    }
    return counts;
  }

  private static int expert(String name, int layer, int experts) {
    int expert = number(name);
    if (expert < 0 || expert >= experts) {
      throw new TrafficException(
          "/" + layer + "/" + name,
          "layer %d has no expert '%s'; its experts are 0 to %d"
              .formatted(layer, name, experts - 1));
    }
    return expert;
  }

  private static int number(String name) {
    return name.matches("[0-9]{1,6}") ? Integer.parseInt(name) : -1;
  }

  private static double count(JsonNode value, int layer, int expert) {
    double count = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(count >= 0 && count <= 1e300)) {
      throw new TrafficException(
          "/" + layer + "/" + expert,
          "expert %d of layer %d has the count %s; counts are numbers of 0 or more"
              .formatted(expert, layer, value));
    }
    return count;
  }

  /** The part of a layer's choices that fell on each expert. */
  public double[] shares(int layer) {
    double[] counts = layers.get(layer);
    double most = Arrays.stream(counts).max().orElse(1);
    double all = Arrays.stream(counts).map(count -> count / most).sum();
    return Arrays.stream(counts).map(count -> count / most / all).toArray();
  }

  /** SHA-256 of the counts, however they were written down. */
  public String sha256() {
    StringBuilder text = new StringBuilder();
    layers.forEach(
        (layer, counts) -> text.append(layer).append(Arrays.toString(counts)).append('\n'));
    try {
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
