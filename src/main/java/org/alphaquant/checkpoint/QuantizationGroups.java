package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.alphaquant.checkpoint.WeightScheme.Layout;
import tools.jackson.databind.JsonNode;

/**
 * The {@code quantization_config} of a compressed-tensors checkpoint: which modules have which
 * scheme. An exact name wins over a pattern, a pattern over the class name {@code Linear}, and
 * {@code ignore} over all; patterns are anchored at their start only, as in Python.
 */
final class QuantizationGroups {

  private static final String LINEAR = "Linear";
  private static final String PATTERN = "re:";

  private final Path config;
  private final List<Predicate<String>> ignored = new ArrayList<>();
  private final List<Target> targets = new ArrayList<>();

  private record Target(int rank, Predicate<String> matches, WeightScheme scheme) {}

  QuantizationGroups(Path config, JsonNode quantization) {
    this.config = config;
    require("quant_method", quantization.path("quant_method").asString(""), "compressed-tensors");
    require(
        "quantization_status", quantization.path("quantization_status").asString(""), "compressed");
    for (JsonNode entry : quantization.path("ignore")) {
      ignored.add(matcher(entry.asString()));
    }
    JsonNode groups = quantization.path("config_groups");
    if (!groups.isObject() || groups.isEmpty()) {
      throw problem("'config_groups' must be an object with at least one group");
    }
    String format = quantization.path("format").asString("");
    groups.properties().forEach(group -> add(group.getKey(), group.getValue(), format));
  }

  Optional<WeightScheme> scheme(String module) {
    if (ignored.stream().anyMatch(entry -> entry.test(module))) {
      return Optional.empty();
    }
    for (int rank = 0; rank < 3; rank++) {
      for (Target target : targets) {
        if (target.rank == rank && target.matches.test(module)) {
          return Optional.of(target.scheme);
        }
      }
    }
    return Optional.empty();
  }

  private void add(String group, JsonNode definition, String commonFormat) {
    WeightScheme scheme = scheme(group, definition, commonFormat);
    JsonNode names = definition.path("targets");
    if (!names.isArray() || names.isEmpty()) {
      throw problem("group %s has no targets".formatted(quote(group)));
    }
    for (JsonNode name : names) {
      String target = name.asString();
      if (target.equals(LINEAR)) {
        targets.add(new Target(2, module -> true, scheme));
      } else {
        targets.add(new Target(target.startsWith(PATTERN) ? 1 : 0, matcher(target), scheme));
      }
    }
  }

  private WeightScheme scheme(String group, JsonNode definition, String commonFormat) {
    JsonNode weights = definition.path("weights");
    String format = definition.path("format").asString(commonFormat);
    Layout layout =
        Layout.named(format)
            .orElseThrow(
                () ->
                    problem(
                        "group %s has the unknown format %s"
                            .formatted(quote(group), quote(format))));
    require("type of group " + group, weights.path("type").asString(""), layout.type());
    return new WeightScheme(
        layout,
        bits(group, layout, weights.path("num_bits").asInt(0)),
        weights.path("symmetric").asBoolean(true),
        groupSize(group, weights),
        List.of("group", "dynamic").contains(weights.path("actorder").asString("")));
  }

  private int bits(String group, Layout layout, int bits) {
    boolean legal =
        switch (layout) {
          case PACK_QUANTIZED -> bits >= 2 && bits <= 8;
          case MXFP4_PACK_QUANTIZED, NVFP4_PACK_QUANTIZED -> bits == 4;
          default -> bits == 8;
        };
    if (!legal) {
      throw problem(
          "group %s has num_bits %d, which %s cannot hold"
              .formatted(quote(group), bits, layout.jsonName()));
    }
    return bits;
  }

  private int groupSize(String group, JsonNode weights) {
    String strategy = weights.path("strategy").asString("");
    int size = weights.path("group_size").asInt(0);
    return switch (strategy) {
      case "tensor" -> WeightScheme.PER_TENSOR;
      case "channel" -> WeightScheme.PER_CHANNEL;
      case "group", "tensor_group" -> {
        if (size <= 0) {
          throw problem(
              "group %s has group_size %d; it must be positive".formatted(quote(group), size));
        }
        yield size;
      }
      default ->
          throw problem(
              "group %s has strategy %s; read are tensor, channel, group and tensor_group"
                  .formatted(quote(group), quote(strategy)));
    };
  }

  private Predicate<String> matcher(String target) {
    if (!target.startsWith(PATTERN)) {
      return target::equals;
    }
    try {
      Pattern pattern = Pattern.compile(target.substring(PATTERN.length()));
      return module -> pattern.matcher(module).lookingAt();
    } catch (PatternSyntaxException malformed) {
      throw problem(
          "%s is no regular expression: %s".formatted(quote(target), malformed.getDescription()));
    }
  }

  private void require(String key, String value, String expected) {
    if (!value.equals(expected)) {
      throw problem("%s is %s; it must be '%s'".formatted(key, quote(value), expected));
    }
  }

  private CheckpointException problem(String detail) {
    return CheckpointException.of(
        Kind.QUANTIZATION_CONFIG, config, "quantization_config: " + detail);
  }
}
