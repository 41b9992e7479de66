package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.contract.Candidate;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.formats.StorageFormats;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The candidates of a contract: the job's configuration with other number formats for the weights
 * that it quantizes.
 */
public final class ContractCandidates {

  private static final List<String> USUAL =
      List.of("int2", "int3", "int4", "int5", "int6", "int8", "fp8", "mxfp4", "nvfp4");
  private static final List<String> GGUF = List.of("q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "int8");
  private static final List<Integer> GROUPS = List.of(128, 32);
  private static final JsonNode DEFAULT =
      JsonMapper.shared().readTree("{\"default\": {\"wq\": \"int4\"}}");

  private final JobPreparation preparation;

  public ContractCandidates(JobPreparation preparation) {
    this.preparation = preparation;
  }

  /**
   * The candidates that the output's format and the engine support and that are small enough, no
   * two of equal size.
   *
   * @param refused receives why others were dropped
   */
  public List<Candidate> of(JobSpec spec, List<Problem> refused) {
    Map<Long, Candidate> candidates = new LinkedHashMap<>();
    List<JsonNode> configs = configs(spec);
    try (PreparedJob opened = preparation.open(spec.trial(configs.get(0)))) {
      for (JsonNode config : configs) {
        PreparedJob job = opened.configured(config);
        Long most = spec.contract().maxBytes();
        long bytes = job.plan().outputBytes();
        if (!job.plan().errors().isEmpty()) {
          refused.add(job.plan().errors().get(0));
        } else if (most != null && bytes > most) {
          refused.add(tooLarge(bytes, most));
        } else {
          candidates.putIfAbsent(bytes, new Candidate(config, bytes, job.plan().bitsPerWeight()));
        }
      }
    }
    return List.copyOf(candidates.values());
  }

  private static Problem tooLarge(long bytes, long most) {
    return Problem.error(
        "too-large",
        "/contract/max_bytes",
        String.valueOf(most),
        "max_bytes is %d but the smallest plan that the other limits allow has %d bytes"
            .formatted(most, bytes));
  }

  /** Problems of the contract alone: names of formats that do not exist. */
  static List<Problem> problems(JobSpec spec) {
    return formats(spec).stream()
        .filter(name -> NumberFormat.named(name).isEmpty())
        .map(
            name ->
                Problem.error(
                        "unknown-format", "/contract/formats", name, "there is no format " + name)
                    .allowing(NumberFormat.jsonNames()))
        .toList();
  }

  private static List<String> formats(JobSpec spec) {
    if (spec.contract().formats() != null) {
      return spec.contract().formats();
    }
    return spec.output().format().equals(StorageFormats.GGUF.name()) ? GGUF : USUAL;
  }

  /** Every format in place of those that the configuration has. */
  private static List<JsonNode> configs(JobSpec spec) {
    JsonNode base = spec.config() == null ? DEFAULT : spec.config();
    List<JsonNode> configs = new ArrayList<>();
    for (String format : formats(spec)) {
      if (format.startsWith("int") && !hasGroupSize(base)) {
        GROUPS.forEach(size -> configs.add(with(base, format, size)));
      } else {
        configs.add(with(base, format, null));
      }
    }
    return configs;
  }

  private static boolean hasGroupSize(JsonNode config) {
    return places(config).anyMatch(place -> place.has("group_size"));
  }

  private static JsonNode with(JsonNode base, String format, Integer groupSize) {
    ObjectNode config = (ObjectNode) base.deepCopy();
    if (!config.has("default")) {
      config.putObject("default").put("wq", "int4");
    }
    places(config)
        .filter(ContractCandidates::quantizes)
        .forEach(
            place -> {
              place.put("wq", format);
              if (!format.startsWith("int")) {
                place.remove("group_size");
                place.remove("symmetric");
              } else if (groupSize != null) {
                place.put("group_size", groupSize);
              }
            });
    return config;
  }

  private static Stream<ObjectNode> places(JsonNode config) {
    Stream<JsonNode> overrides =
        config.get("overrides") instanceof ArrayNode array ? array.valueStream() : Stream.empty();
    return Stream.concat(Stream.of(config.path("default")), overrides)
        .filter(ObjectNode.class::isInstance)
        .map(ObjectNode.class::cast);
  }

  private static boolean quantizes(ObjectNode place) {
    return place.has("wq") && !place.get("wq").asString("").equals(NumberFormat.BF16.jsonName());
  }
}
