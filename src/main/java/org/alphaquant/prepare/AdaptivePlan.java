package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.job.AdaptiveRule;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.InvalidConfigException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Schemes of single experts that follow from how much calibration uses them.
 *
 * @param job with the configuration as it was posted
 */
public record AdaptivePlan(PreparedJob job) {

  /** An expert of a layer. */
  public record Expert(int layer, int expert) {}

  private List<AdaptiveRule> rules() {
    return job.spec().adaptive();
  }

  /** The note that the plan cannot know to which experts the rules will apply. */
  List<Problem> warnings() {
    return rules().isEmpty()
        ? List.of()
        : List.of(
            Problem.note(
                "experts-chosen-in-run",
                "/adaptive",
                null,
                "the run counts which experts calibration uses and gives those that a rule concerns its scheme; sizes here are without that"));
  }

  /** Why a rule cannot be followed, whichever experts it concerns; a sentence each. */
  List<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < rules().size(); i++) {
      String pointer = "/adaptive/" + i;
      String wq = rules().get(i).wq();
      if (NumberFormat.named(wq).isEmpty()) {
        problems.add(
            Problem.error(
                    "unknown-format", pointer + "/wq", wq, wq + " is not a format for weights")
                .allowing(NumberFormat.jsonNames()));
      } else if (job.description().routing().isEmpty()) {
        problems.add(Problem.error("no-experts", pointer, null, "the model has no experts"));
      } else {
        mixed(i).stream()
            .limit(1)
            .forEach(error -> problems.add(refused(pointer, wq, error.detail())));
      }
    }
    return problems;
  }

  private static Problem refused(String pointer, String wq, String reason) {
    return Problem.error(
        "experts-not-mixed",
        pointer,
        wq,
        "single experts cannot have a scheme of their own here: " + reason);
  }

  // As it would be if the first expert of every layer were one of those.
  private List<Problem> mixed(int rule) {
    Map<Expert, Integer> first = new LinkedHashMap<>();
    experts().stream()
        .filter(expert -> expert.expert() == 0)
        .forEach(expert -> first.put(expert, rule));
    try {
      return job.configured(config(first)).plan().errors();
    } catch (InvalidConfigException e) {
      return e.findings();
    }
  }

  private List<Expert> experts() {
    return job.description().linears().stream()
        .filter(module -> module.kind() == ModuleKind.EXPERT)
        .map(module -> new Expert(module.layer(), module.expert()))
        .distinct()
        .toList();
  }

  /** The last rule that applies to an expert with this share of its layer, or -1. */
  public int rule(double share) {
    return IntStream.range(0, rules().size())
        .filter(i -> rules().get(i).concerns(share))
        .max()
        .orElse(-1);
  }

  /**
   * The job's configuration with overrides for experts appended.
   *
   * @param chosen rules by expert
   */
  public ObjectNode config(Map<Expert, Integer> chosen) {
    JsonNode given = job.spec().config();
    ObjectNode config =
        given == null ? JsonMapper.shared().createObjectNode() : (ObjectNode) given.deepCopy();
    ArrayNode overrides =
        config.get("overrides") instanceof ArrayNode own ? own : config.putArray("overrides");
    Map<Expert, List<ModuleDescription>> modules =
        job.description().linears().stream()
            .filter(module -> module.kind() == ModuleKind.EXPERT)
            .collect(Collectors.groupingBy(module -> new Expert(module.layer(), module.expert())));
    chosen.forEach((expert, rule) -> add(overrides, modules.get(expert), rules().get(rule)));
    return config;
  }

  private static void add(ArrayNode overrides, List<ModuleDescription> modules, AdaptiveRule rule) {
    String first = modules.get(0).name();
    ObjectNode override = overrides.addObject();
    override.put("pattern", first.substring(0, first.lastIndexOf('.')) + ".*");
    override.put("wq", rule.wq());
    if (rule.groupSize() != null) {
      override.put("group_size", rule.groupSize());
    }
  }
}
