package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.allocate.Candidates;
import org.alphaquant.allocate.Grain;
import org.alphaquant.allocate.Knapsack;
import org.alphaquant.allocate.MixedConfig;
import org.alphaquant.allocate.Unit;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.job.Budget;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.node.ObjectNode;

/**
 * The choices of a run with a budget: the units that may differ under the rules of the storage
 * format and the target runtime, and the formats, each with the plan of the whole model in it.
 *
 * <p>Modules that engines expect plain but the configuration quantizes by name keep their given
 * format; the budget includes them.
 *
 * @param job with the configuration as it was posted
 * @param units that take part, in the model's order
 * @param formats to choose from, by increasing size
 * @param problems why there is no choice; a sentence each
 */
public record AllocationPlan(
    PreparedJob job, Grain grain, List<Unit> units, List<Format> formats, List<Problem> problems) {

  /** A budget is met where this part of it is used. */
  private static final double MET = 0.99;

  /**
   * The whole model in one format.
   *
   * @param name of the format in a configuration
   * @param job with every unit in that format
   * @param bytes of each unit
   */
  public record Format(String name, PreparedJob job, long[] bytes) {

    /** Bytes of all units. */
    public long all() {
      return Arrays.stream(bytes).sum();
    }
  }

  /** The choices of a job with a budget, whose base configuration must be valid. */
  public static Optional<AllocationPlan> of(PreparedJob job) {
    return Optional.ofNullable(job.spec().budget()).map(budget -> new Making(job, budget).plan());
  }

  /** Bytes of the quantized modules that keep their format. */
  public long fixedBytes() {
    Set<String> chosen =
        units.stream().flatMap(unit -> unit.names().stream()).collect(Collectors.toSet());
    ToLongFunction<ModuleScheme> sizes = sizes(job);
    return job.plan().content().quantized().stream()
        .filter(module -> !chosen.contains(module.name()))
        .mapToLong(sizes)
        .sum();
  }

  // Where values are written dequantized, what their codes and scales would take.
  private static ToLongFunction<ModuleScheme> sizes(PreparedJob job) {
    return job.plan().format().storesValues()
        ? module -> (long) Math.ceil(module.bits() / Byte.SIZE)
        : job.plan().sizes();
  }

  /** Weights of all quantized modules. */
  public long weights() {
    return job.plan().content().quantized().stream()
        .mapToLong(module -> module.module().elements())
        .sum();
  }

  /** The budget of all quantized modules in bytes. */
  public long budgetBytes() {
    return job.spec().budget().bytesFor(weights());
  }

  /** The size of all quantized modules with the smallest formats. */
  public long leastBytes() {
    return fixedBytes() + knapsack().least();
  }

  /** The size with the largest formats. */
  public long mostBytes() {
    return fixedBytes() + knapsack().most();
  }

  /** The most that a choice within the budget can take. */
  public long reachableBytes() {
    double[][] wanted = new double[units.size()][formats.size()];
    for (int u = 0; u < wanted.length; u++) {
      for (int f = 0; f < formats.size(); f++) {
        wanted[u][f] = -formats.get(f).bytes()[u];
      }
    }
    Knapsack largest = knapsack(wanted);
    return fixedBytes() + largest.size(largest.choose(budgetBytes() - fixedBytes()));
  }

  private Knapsack knapsack() {
    return knapsack(new double[units.size()][formats.size()]);
  }

  /**
   * The choice within the budget.
   *
   * @param losses of every unit in every format, [units][formats]
   */
  public Knapsack knapsack(double[][] losses) {
    long[][] sizes = new long[units.size()][formats.size()];
    for (int u = 0; u < sizes.length; u++) {
      for (int f = 0; f < sizes[u].length; f++) {
        sizes[u][f] = formats.get(f).bytes()[u];
      }
    }
    return new Knapsack(sizes, losses);
  }

  /** The job's configuration with a format for each unit, by its position in {@link #formats}. */
  public ObjectNode config(int... choice) {
    Map<Unit, String> names = new LinkedHashMap<>();
    for (int u = 0; u < choice.length; u++) {
      names.put(units.get(u), formats.get(choice[u]).name());
    }
    return Making.config(job, names);
  }

  /** Warnings about a possible choice. */
  List<Problem> warnings() {
    List<Problem> warnings = new ArrayList<>();
    String names = formats.stream().map(Format::name).collect(Collectors.joining(", "));
    warnings.add(
        Problem.note(
            "mix-chosen-in-run",
            "/budget",
            null,
            "the run chooses a format for each of %d units (%s) among %s"
                .formatted(units.size(), grain.jsonName(), names)));
    long reachable = reachableBytes();
    if (reachable < MET * budgetBytes()) {
      warnings.add(
          Problem.warning(
              "budget-not-filled",
              "/budget/" + job.spec().budget().field(),
              null,
              "the largest mix within the budget of %d bytes has %d: there are %d units that may differ, and %s"
                  .formatted(budgetBytes(), reachable, units.size(), names)));
    }
    servedByNone().ifPresent(warnings::add);
    return warnings;
  }

  // Without a target runtime, the mix was not restricted to what an engine serves.
  private Optional<Problem> servedByNone() {
    if (job.plan().target() != TargetRuntime.NONE || grain != Grain.PROJECTION) {
      return Optional.empty();
    }
    int[] alternating = new int[units.size()];
    for (int u = 0; u < alternating.length; u++) {
      alternating[u] = u % 2;
    }
    Map<TargetRuntime, List<Problem>> readers =
        job.configured(config(alternating)).plan().readers();
    boolean served =
        readers.values().stream().anyMatch(it -> it.stream().noneMatch(Problem::isError));
    return served
        ? Optional.empty()
        : Optional.of(
            Problem.warning(
                "mix-not-served",
                "/output/target_runtime",
                null,
                "no engine serves a mix by projection in %s; name output.target_runtime for a mix that it serves, or output.format gguf or dequantized, where any is"
                    .formatted(job.plan().format().name())));
  }

  /** Makes one. */
  private record Making(PreparedJob job, Budget budget) {

    private static final int BITS = Byte.SIZE;

    AllocationPlan plan() {
      List<ModuleDescription> modules =
          job.plan().content().quantized().stream()
              .map(ModuleScheme::module)
              .filter(module -> !module.kind().isProtected())
              .toList();
      if (modules.isEmpty()) {
        return nothing("the configuration quantizes nothing that a budget could be shared among");
      }
      List<Unit> finest = Grain.PROJECTION.units(modules);
      List<Problem> problems = new ArrayList<>();
      List<Format> servable = servable(finest, problems);
      if (servable.size() < 2) {
        String detail =
            "only %s can be %s, and a budget needs two formats at least"
                .formatted(
                    servable.isEmpty() ? "none" : servable.get(0).name(),
                    budget.formats() == null
                        ? "stored and served here"
                        : "taken of budget.formats");
        problems.add(problem("/budget/formats", detail));
        return new AllocationPlan(job, Grain.PROJECTION, finest, servable, problems);
      }
      Grain grain = grain(modules, servable);
      return limited(grain, grain.units(modules), servable, problems);
    }

    private AllocationPlan limited(
        Grain grain, List<Unit> units, List<Format> servable, List<Problem> problems) {
      List<Format> all = servable.stream().map(it -> sized(it.name(), it.job(), units)).toList();
      AllocationPlan widest = new AllocationPlan(job, grain, units, all, problems);
      long wanted = widest.budgetBytes();
      if (wanted < widest.leastBytes() || wanted > widest.mostBytes()) {
        problems.add(outside(widest, wanted));
        return widest;
      }
      if (budget.formats() != null) {
        return widest;
      }
      double weights = units.stream().mapToLong(Unit::weights).sum();
      double[] bits = all.stream().mapToDouble(it -> it.all() * BITS / weights).toArray();
      double mean = (wanted - widest.fixedBytes()) * BITS / weights;
      List<Format> near = Candidates.around(mean, bits).stream().map(all::get).toList();
      return new AllocationPlan(job, grain, units, near, problems);
    }

    private Problem outside(AllocationPlan plan, long wanted) {
      double weights = plan.weights();
      String names = plan.formats().stream().map(Format::name).collect(Collectors.joining(", "));
      String detail =
          "a budget of %d bytes (%.3f bits per weight) is outside of what %s can give: from %d bytes (%.3f) to %d (%.3f)"
              .formatted(
                  wanted,
                  wanted * BITS / weights,
                  names,
                  plan.leastBytes(),
                  plan.leastBytes() * BITS / weights,
                  plan.mostBytes(),
                  plan.mostBytes() * BITS / weights);
      return problem("/budget/" + budget.field(), detail);
    }

    // All requested formats must be servable; of the default ones, those that are not are dropped.
    private List<Format> servable(List<Unit> units, List<Problem> problems) {
      List<String> asked = budget.formats() == null ? usual() : budget.formats();
      List<Format> servable = new ArrayList<>();
      for (String name : asked) {
        List<Problem> errors = new ArrayList<>();
        Optional<Format> format = attempt(name, units, errors);
        errors.addAll(format.map(it -> errors(it.job())).orElse(List.of()));
        if (errors.isEmpty()) {
          format.ifPresent(servable::add);
        } else if (budget.formats() != null) {
          problems.add(
              problem("/budget/formats", name + " cannot be used: " + errors.get(0).detail()));
        }
      }
      servable.sort(Comparator.comparingLong(Format::all));
      return servable;
    }

    private Optional<Format> attempt(String name, List<Unit> units, List<Problem> errors) {
      if (NumberFormat.named(name).filter(it -> !it.isUnquantized()).isEmpty()) {
        errors.add(problem("/budget/formats", "there is no such format for weights"));
        return Optional.empty();
      }
      Map<Unit, String> names = new LinkedHashMap<>();
      units.forEach(unit -> names.put(unit, name));
      try {
        return Optional.of(sized(name, job.configured(config(job, names)), units));
      } catch (InvalidConfigException e) {
        errors.addAll(e.findings());
        return Optional.empty();
      }
    }

    private List<Problem> errors(PreparedJob candidate) {
      return Stream.concat(
              candidate.plan().errors().stream(),
              DistillPlan.of(candidate).stream().flatMap(it -> it.problems().stream()))
          .toList();
    }

    // Those that go with the format that most weights have in the configuration.
    private List<String> usual() {
      Map<NumberFormat, Long> weights = new LinkedHashMap<>();
      job.plan()
          .content()
          .quantized()
          .forEach(
              module ->
                  weights.merge(module.scheme().format(), module.module().elements(), Long::sum));
      NumberFormat most =
          weights.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
      return Candidates.like(most);
    }

    // The finest grain whose units may differ from each other.
    private Grain grain(List<ModuleDescription> modules, List<Format> formats) {
      for (Grain grain : Grain.values()) {
        List<Unit> units = grain.units(modules);
        if (mixes(units, formats, 0) && mixes(units, formats, 1)) {
          return grain;
        }
      }
      return Grain.ALL_EXPERTS;
    }

    // Neighbours in the model's order, or those of neighbouring layers where each has two units.
    private boolean mixes(List<Unit> units, List<Format> formats, int byLayer) {
      Map<Unit, String> alternating = new LinkedHashMap<>();
      for (int u = 0; u < units.size(); u++) {
        int which = (u + byLayer * units.get(u).firstLayer()) % 2;
        alternating.put(units.get(u), formats.get(which).name());
      }
      return errors(job.configured(config(job, alternating))).isEmpty();
    }

    private static Format sized(String name, PreparedJob candidate, List<Unit> units) {
      ToLongFunction<ModuleScheme> sizes = sizes(candidate);
      Map<String, Long> byModule =
          candidate.plan().content().quantized().stream()
              .collect(Collectors.toMap(ModuleScheme::name, sizes::applyAsLong));
      long[] bytes =
          units.stream()
              .mapToLong(
                  unit ->
                      unit.names().stream().mapToLong(it -> byModule.getOrDefault(it, 0L)).sum())
              .toArray();
      return new Format(name, candidate, bytes);
    }

    static ObjectNode config(PreparedJob job, Map<Unit, String> formats) {
      List<String> all =
          Stream.concat(
                  job.description().linears().stream().map(ModuleDescription::name),
                  Stream.of(job.description().embedding().name()))
              .toList();
      return MixedConfig.of(job.spec().config(), formats, all);
    }

    private AllocationPlan nothing(String detail) {
      return new AllocationPlan(
          job, Grain.PROJECTION, List.of(), List.of(), List.of(problem("/budget", detail)));
    }

    private static Problem problem(String pointer, String detail) {
      return Problem.error("budget", pointer, null, detail);
    }
  }
}
