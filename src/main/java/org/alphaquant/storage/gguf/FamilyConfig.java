package org.alphaquant.storage.gguf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.RoutingDescription;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A checked config.json with its model's description, for reading keys in any of their spellings.
 *
 * @param root config.json, or the part of it that is about text, with the family's defaults for
 *     what it lacks
 * @param tensors names of the model's tensors
 */
record FamilyConfig(JsonNode root, ModelDescription model, Set<String> tensors) {

  static final String TIED =
      "llama.cpp has no head in this architecture but the embedding (tie_word_embeddings)";

  private static final String[] SPELLINGS = {"rope_parameters", "rope_scaling"};

  static FamilyConfig of(JsonNode config, ModelDescription model, Set<String> tensors) {
    JsonNode text = config.path("text_config");
    ObjectNode root = ((ObjectNode) (text.isObject() ? text : config)).deepCopy();
    model
        .defaults()
        .forEach(
            (key, value) -> {
              if (!root.hasNonNull(key)) {
                root.set(key, JsonMapper.shared().valueToTree(value));
              }
            });
    return new FamilyConfig(root, model, tensors);
  }

  /** Whether the model's head is not its embedding. */
  boolean hasOwnHead() {
    return tensors.stream().anyMatch(name -> name.endsWith("lm_head.weight"));
  }

  /** Of each layer {@code value} where it has a tensor whose name ends so, else 0. */
  List<Long> whereThereIs(String ending, long value) {
    return IntStream.range(0, model.layers())
        .mapToObj(layer -> "layers." + layer + ".")
        .map(
            layer ->
                tensors.stream()
                        .anyMatch(name -> name.contains(layer) && name.endsWith("." + ending))
                    ? value
                    : 0L)
        .toList();
  }

  /** The first of the spellings that is there. */
  Optional<JsonNode> find(String... keys) {
    for (String key : keys) {
      JsonNode value = root.path(key);
      if (!value.isMissingNode() && !value.isNull()) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  long integer(long whenMissing, String... keys) {
    return find(keys).map(JsonNode::asLong).orElse(whenMissing);
  }

  double real(double whenMissing, String... keys) {
    return find(keys).map(JsonNode::asDouble).orElse(whenMissing);
  }

  boolean flag(boolean whenMissing, String key) {
    return find(key).map(JsonNode::asBoolean).orElse(whenMissing);
  }

  List<String> texts(String key) {
    return find(key)
        .map(list -> list.valueStream().map(JsonNode::asString).toList())
        .orElse(List.of());
  }

  long heads() {
    return integer(1, "num_attention_heads");
  }

  long keyHeads() {
    return integer(heads(), "num_key_value_heads");
  }

  long headDimension() {
    return find("head_dim").map(JsonNode::asLong).orElseGet(() -> model.hidden() / heads());
  }

  /** Dimensions of a head that are rotated. */
  long rotaryDimension() {
    return rotaryDimension(1);
  }

  long rotaryDimension(double partWhenMissing) {
    double part = rotary("partial_rotary_factor", partWhenMissing);
    return integer((long) (headDimension() * part), "rotary_dim");
  }

  /** A setting of the rotary embedding, nested in either spelling or beside. */
  Optional<JsonNode> rotary(String key) {
    for (String nested : SPELLINGS) {
      JsonNode value = root.path(nested).path(key);
      if (!value.isMissingNode() && !value.isNull()) {
        return Optional.of(value);
      }
    }
    return find(key);
  }

  double rotary(String key, double whenMissing) {
    return rotary(key).map(JsonNode::asDouble).orElse(whenMissing);
  }

  /** {@code default}, {@code linear}, {@code yarn} and so on. */
  String rotaryType() {
    for (String nested : SPELLINGS) {
      JsonNode settings = root.path(nested);
      for (String key : new String[] {"rope_type", "type"}) {
        if (settings.path(key).isString()) {
          return settings.path(key).asString();
        }
      }
    }
    return "default";
  }

  double theta() {
    return theta(10_000);
  }

  double theta(double whenMissing) {
    return rotary("rope_theta", whenMissing);
  }

  /**
   * The same with the rotary settings of one kind of layer, as {@code layer_types} calls it; as it
   * is where all layers share them.
   */
  FamilyConfig ofLayers(String kind) {
    for (String spelling : SPELLINGS) {
      JsonNode own = root.path(spelling).path(kind);
      if (own.isObject()) {
        ObjectNode alone = ((ObjectNode) root.deepCopy()).without(List.of(SPELLINGS));
        return new FamilyConfig(alone.set(SPELLINGS[0], own), model, tensors);
      }
    }
    return this;
  }

  /** Settings of sliding layers; plain ones where they have none of their own. */
  FamilyConfig ofSlidingLayers() {
    FamilyConfig own = ofLayers("sliding_attention");
    if (own != this) {
      return own;
    }
    List<String> ofFullLayers = new ArrayList<>(List.of(SPELLINGS));
    ofFullLayers.add("rope_theta");
    // Given, it counts for all layers; what the family takes for a missing one is of full layers.
    if (model.defaults().containsKey("partial_rotary_factor")) {
      ofFullLayers.add("partial_rotary_factor");
    }
    return new FamilyConfig(((ObjectNode) root.deepCopy()).without(ofFullLayers), model, tensors);
  }

  /** Of each layer whether it sees a window of the text. */
  List<Boolean> sliding() {
    return model.layerList().stream().map(layer -> layer.slidingWindow() > 0).toList();
  }

  /** Keys that a query sees where that is less than the context; 0 where it sees all. */
  long activeWindow() {
    long context = integer(0, "max_position_embeddings");
    return model.layerList().stream()
        .mapToLong(layer -> layer.slidingWindow())
        .filter(window -> window > 0 && (context == 0 || window < context))
        .max()
        .orElse(0);
  }

  /** Layers before the first sparse one. */
  long leadingDense() {
    return model.layerList().stream().takeWhile(layer -> layer.routing().isEmpty()).count();
  }

  /** Whether every layer from {@code first} on is sparse. */
  boolean sparseFrom(long first) {
    return model.layerList().stream().skip(first).allMatch(layer -> layer.routing().isPresent());
  }

  Optional<RoutingDescription> routing() {
    return model.routing();
  }

  boolean renormalised() {
    return routing().map(RoutingDescription::renormalised).orElse(false);
  }
}
