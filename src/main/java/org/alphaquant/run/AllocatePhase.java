package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.allocate.Knapsack;
import org.alphaquant.allocate.Unit;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.job.Budget;
import org.alphaquant.job.Sensitivity;
import org.alphaquant.prepare.AllocationPlan;
import org.alphaquant.prepare.AllocationWork;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.quantize.ModelQuantizer;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.RunObserver;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.sensitivity.EstimatedSensitivity;
import org.alphaquant.sensitivity.MeasuredSensitivity;
import org.alphaquant.sensitivity.WeightSpectrum;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.worker.JobContext;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * Measures the sensitivity of every unit to every format and chooses within the budget.
 * Sensitivities are kept in a file for each format, {@code sensitivity-int4.json}, layer by layer,
 * with the layers of the quantization in progress, so that a later attempt resumes there.
 */
final class AllocatePhase {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final TypeReference<LinkedHashMap<String, Double>> COSTS =
      new TypeReference<>() {};
  // A budget is met where this part of it is used.
  private static final double MET = 0.99;
  private static final long LOGITS_BYTES = 1L << 30;

  private final JobContext context;
  private final RunInputs inputs;
  private final Resumption resumption;
  private final RunProgress progress;
  private final LayerwiseSolving solving;
  private final AllocationPlan plan;
  private final AllocationWork work;
  private final Budget budget;
  private final int layers;
  private int doneSteps;

  /**
   * @param inputs with the configuration as it was posted
   */
  AllocatePhase(
      JobContext context,
      RunInputs inputs,
      Resumption resumption,
      RunProgress progress,
      LayerwiseSolving solving) {
    this.context = context;
    this.inputs = inputs;
    this.resumption = resumption;
    this.progress = progress;
    this.solving = solving;
    this.plan = choices(inputs);
    this.work = new AllocationWork(plan);
    this.budget = inputs.job().spec().budget();
    this.layers = inputs.job().description().layers();
  }

  private static AllocationPlan choices(RunInputs inputs) {
    AllocationPlan plan = AllocationPlan.of(inputs.job()).orElseThrow();
    if (!plan.problems().isEmpty()) {
      throw new InvalidConfigException(plan.problems());
    }
    return plan;
  }

  /** Chooses. */
  Allocation run() {
    double[][] costs = costs();
    Knapsack knapsack = plan.knapsack(costs);
    int[] choice = knapsack.choose(plan.budgetBytes() - plan.fixedBytes());
    Allocation allocation = allocation(costs, choice, plan.fixedBytes() + knapsack.size(choice));
    context.event("allocation", allocation);
    if (allocation.bytes() < MET * allocation.budgetBytes()) {
      progress.warning(
          "the chosen mix has %d of the budget's %d bytes: of the %d parts that may differ there is nothing that comes nearer"
              .formatted(allocation.bytes(), allocation.budgetBytes(), plan.units().size()));
    }
    return allocation;
  }

  private double[][] costs() {
    List<Map<String, Double>> byFormat =
        budget.sensitivity() == Sensitivity.SPECTRUM ? spectrum() : quantized();
    double[][] costs = new double[plan.units().size()][plan.formats().size()];
    for (int u = 0; u < costs.length; u++) {
      for (int f = 0; f < costs[u].length; f++) {
        costs[u][f] = byFormat.get(f).get(plan.units().get(u).name());
      }
    }
    return costs;
  }

  private List<Map<String, Double>> spectrum() {
    Map<String, Double> tails = new LinkedHashMap<>();
    try (TensorScope scope = solving.torch().scope("spectrum")) {
      WeightSpectrum spectrum = new WeightSpectrum(scope, inputs.job().model());
      for (Unit unit : plan.units()) {
        progress.progress(Phase.ALLOCATE, tails.size(), plan.units().size());
        context.ensureNotDraining();
        tails.put(unit.name(), spectrum.tailExponent(unit));
      }
    }
    return plan.formats().stream()
        .map(format -> NumberFormat.named(format.name()).orElseThrow().bits())
        .map(bits -> WeightSpectrum.costs(plan.units(), tails, bits))
        .toList();
  }

  private List<Map<String, Double>> quantized() {
    List<Map<String, Double>> costs = new ArrayList<>();
    for (AllocationPlan.Format format : plan.formats()) {
      Path file = resumption.file("sensitivity-" + format.name() + ".json");
      Map<String, Double> known = read(file);
      if (!plan.units().stream().map(Unit::name).allMatch(known::containsKey)) {
        quantize(format, file, known);
      }
      doneSteps += stepsOfFormat();
      costs.add(known);
    }
    return costs;
  }

  private void quantize(AllocationPlan.Format format, Path file, Map<String, Double> known) {
    RunInputs candidate = inputs.with(format.job());
    QuantizationPlan settings = new SolverSettings(candidate).plan();
    boolean measured = budget.sensitivity() == Sensitivity.MEASURED;
    QuantizationPlan keeping = measured ? settings.keepingSolutions() : settings;
    Resumption kept = resumption.below("allocate-" + format.name());
    int adopted = kept.adopt();
    try (ResultWriting writing = new ResultWriting(kept.layers(), layers, adopted)) {
      solving.run(
          candidate,
          rank -> ModelQuantizer.layersApart(keeping, solving.memory(), rank),
          adopted,
          kept,
          writing,
          new Steps(),
          (layer, result) -> {});
      writing.awaitLayers();
      if (measured) {
        measure(settings, writing, file, known);
      } else {
        List<LinearReport> reports = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
          reports.addAll(kept.layers().read(i).linears());
        }
        known.putAll(EstimatedSensitivity.of(plan.units(), reports));
        write(file, known);
      }
    }
    delete(context.attemptDirectory().resolve("allocate-" + format.name()));
  }

  private void measure(
      QuantizationPlan settings, ResultWriting writing, Path file, Map<String, Double> known) {
    List<Unit> left =
        plan.units().stream().filter(unit -> !known.containsKey(unit.name())).toList();
    long[][] tokens = inputs.heldOut();
    long stream =
        (long) Float.BYTES * tokens.length * tokens[0].length * inputs.job().description().hidden();
    MeasuredSensitivity.Sizes sizes =
        new MeasuredSensitivity.Sizes(
            solving.memory().tokensPerBatch(), work.variantsAtOnce(stream), LOGITS_BYTES);
    try (TensorScope scope = solving.torch().scope("measure")) {
      float[] weights =
          inputs.traffic() == null
              ? null
              : new TrafficPhase(context, inputs, resumption, progress, solving).heldOut();
      new MeasuredSensitivity(scope, inputs.job().model(), tokens, weights, sizes)
          .measure(
              left,
              settings,
              writing.layers().all(),
              (layer, costs) -> {
                known.putAll(costs);
                if (!costs.isEmpty()) {
                  write(file, known);
                }
                step(layers + layer + 1);
                context.betweenLayers();
              });
    } finally {
      solving.torch().releaseCachedMemory();
    }
  }

  /** Counts a candidate's layers as steps of this phase; its routing is not reported. */
  private final class Steps implements RunObserver {
    @Override
    public void progress(Phase phase, int done, int of) {
      step(done);
    }
  }

  private void step(int ofFormat) {
    progress.progress(
        Phase.ALLOCATE, doneSteps + ofFormat, stepsOfFormat() * plan.formats().size());
  }

  private int stepsOfFormat() {
    return budget.sensitivity() == Sensitivity.MEASURED ? 2 * layers : layers;
  }

  private Allocation allocation(double[][] costs, int[] choice, long bytes) {
    List<Allocation.Choice> units = new ArrayList<>();
    for (int u = 0; u < choice.length; u++) {
      Unit unit = plan.units().get(u);
      AllocationPlan.Format format = plan.formats().get(choice[u]);
      Map<String, Double> all = new LinkedHashMap<>();
      for (int f = 0; f < costs[u].length; f++) {
        all.put(plan.formats().get(f).name(), costs[u][f]);
      }
      long own = format.bytes()[u];
      units.add(
          new Allocation.Choice(
              unit.name(),
              unit.modules().size(),
              unit.weights(),
              format.name(),
              (double) own * Byte.SIZE / unit.weights(),
              own,
              costs[u][choice[u]],
              all));
    }
    boolean measured = budget.sensitivity() == Sensitivity.MEASURED;
    return new Allocation(
        budget.sensitivity().jsonName(),
        measured ? inputs.heldOut().length * inputs.heldOut()[0].length : null,
        plan.grain().jsonName(),
        plan.budgetBytes(),
        bytes,
        (double) bytes * Byte.SIZE / plan.weights(),
        plan.formats().stream().map(AllocationPlan.Format::name).toList(),
        units,
        plan.config(choice));
  }

  private static Map<String, Double> read(Path file) {
    return Files.exists(file) ? JSON.readValue(file.toFile(), COSTS) : new LinkedHashMap<>();
  }

  private static void write(Path file, Map<String, Double> costs) {
    byte[] json = JSON.writeValueAsBytes(costs);
    AtomicFile.write(file, it -> it.write(ByteBuffer.wrap(json)));
  }

  // As large as the model, and not needed again.
  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
