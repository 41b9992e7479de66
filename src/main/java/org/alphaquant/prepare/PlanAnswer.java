package org.alphaquant.prepare;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.RunShape;
import org.alphaquant.estimate.WorkEstimate;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.problem.Problem;
import org.alphaquant.request.ClientPresence;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.scheme.plan.SchemeGroup;
import org.alphaquant.source.ModelLicence;
import org.alphaquant.storage.ModuleSummary;
import org.alphaquant.storage.PlannedTensor;

/** Converts a plan to the API's records. */
public final class PlanAnswer {

  private final Plan plan;
  private final Map<String, ModuleScheme> quantized = new HashMap<>();

  private PlanAnswer(Plan plan) {
    this.plan = plan;
    plan.content().quantized().forEach(module -> quantized.put(module.name(), module));
  }

  /** The plan of the job. */
  public static JobPlan of(PreparedJob job) {
    return of(job, List.of(), Optional.empty());
  }

  /**
   * The plan of the job.
   *
   * @param more further warnings
   * @param count of the texts' tokens; empty where they were not counted
   */
  static JobPlan of(PreparedJob job, List<Problem> more, Optional<TokenCount> count) {
    Plan plan = job.plan();
    CalibrationRequest calibration = job.spec().calibration();
    long given =
        count
            .map(it -> (long) it.samples() * it.sequenceLength())
            .orElse((long) calibration.samples() * calibration.sequenceLength());
    int length = count.map(TokenCount::sequenceLength).orElse(calibration.sequenceLength());
    CoveragePlan coverage = new CoveragePlan(job);
    long tokens = coverage.tokens(length, given);
    ModelShape shape = new ModelShape(job.description(), tokens);
    Optional<DistillPlan> training = DistillPlan.of(job);
    Optional<AllocationPlan> allocation = AllocationPlan.of(job);
    WorkEstimate work =
        own(job, shape.mean(), tokens / length)
            .plus(coverage.operations(tokens))
            .plus(training.map(DistillPlan::operations).orElse(0.0))
            .plus(allocation.map(AllocationWork::new).map(AllocationWork::operations).orElse(0.0));
    return new JobPlan(
        job.spec().model(),
        job.description().family(),
        ModelLicence.of(job.source().folder()).orElse(null),
        plan.format().name(),
        plan.target().jsonName(),
        plan.source(),
        allocation.map(PlanAnswer::bitsPerWeight).orElseGet(plan::bitsPerWeight),
        new JobResult.Size(
            plan.sourceBytes(),
            allocation.map(PlanAnswer::outputBytes).orElseGet(plan::outputBytes)),
        count.map(PlanAnswer::calibration).orElse(null),
        memory(job.spec(), coverage.largest(tokens), plan, training, allocation),
        Arrays.stream(WorkEstimate.NominalRate.values()).map(rate -> rate.estimate(work)).toList(),
        plan.groups().stream().map(PlanAnswer::scheme).toList(),
        allocation.map(PlanAnswer::choice).orElse(null),
        kept(job),
        new LadderPlan(job).rungs(),
        Stream.of(
                plan.findings().stream().map(InputProblems::of),
                allocation.stream().flatMap(it -> it.warnings().stream()),
                training.stream().flatMap(it -> it.notes().stream()),
                new AdaptivePlan(job).warnings().stream(),
                more.stream())
            .flatMap(it -> it)
            .toList(),
        allocation.isPresent() ? List.of() : new PlanAnswer(plan).tensors());
  }

  // Every size of a ladder is solved, from one calibration or each from its own. What reading,
  // writing and measuring takes is not reckoned.
  private static WorkEstimate own(PreparedJob job, RunShape shape, long sequences) {
    JobSpec spec = job.spec();
    if (spec.kind() == JobKind.EVALUATION || spec.kind() == JobKind.REPACK) {
      return new WorkEstimate(0);
    }
    if (spec.kind() == JobKind.CALIBRATION) {
      return WorkEstimate.calibration(shape);
    }
    int sizes = spec.ladder() == null ? 1 : spec.ladder().size();
    double solving = sizes * WorkEstimate.solving(shape).operations();
    if (spec.calibration().solvesFromKept()) {
      return new WorkEstimate(solving);
    }
    if (spec.ladder() != null && !spec.calibration().sequential()) {
      return WorkEstimate.calibration(shape).plus(solving);
    }
    int trials = spec.gptq().trials(sequences);
    double each =
        WorkEstimate.of(shape).operations() + WorkEstimate.trials(shape, trials).operations();
    return new WorkEstimate(sizes * each);
  }

  private static double bitsPerWeight(AllocationPlan allocation) {
    if (allocation.job().plan().format().storesValues()) {
      return allocation.job().plan().bitsPerWeight();
    }
    return (double) allocation.reachableBytes() * Byte.SIZE / allocation.weights();
  }

  // Unquantized tensors keep their size; the others take the budget.
  private static long outputBytes(AllocationPlan allocation) {
    Plan plan = allocation.job().plan();
    if (plan.format().storesValues()) {
      return plan.outputBytes();
    }
    long quantized = plan.content().quantized().stream().mapToLong(plan.sizes()).sum();
    return plan.outputBytes() - quantized + allocation.reachableBytes();
  }

  private static JobPlan.Choice choice(AllocationPlan allocation) {
    return new JobPlan.Choice(
        allocation.job().spec().budget().sensitivity().jsonName(),
        allocation.grain().jsonName(),
        allocation.units().size(),
        allocation.formats().stream().map(AllocationPlan.Format::name).toList(),
        allocation.budgetBytes(),
        allocation.leastBytes(),
        allocation.mostBytes(),
        allocation.reachableBytes());
  }

  // A ladder without a calibration of its own keeps one while it runs.
  private static Long kept(PreparedJob job) {
    JobSpec spec = job.spec();
    boolean keeps =
        spec.kind() == JobKind.CALIBRATION
            || spec.ladder() != null
                && spec.calibration().id() == null
                && !spec.calibration().sequential();
    return keeps ? new KeptModules(job).bytes() : null;
  }

  private static JobPlan.Samples calibration(TokenCount count) {
    long tokens = (long) count.samples() * count.sequenceLength();
    return new JobPlan.Samples(count.samples(), count.sequenceLength(), tokens);
  }

  private static JobPlan.Memory memory(
      JobSpec spec,
      RunShape shape,
      Plan plan,
      Optional<DistillPlan> training,
      Optional<AllocationPlan> allocation) {
    ToLongFunction<ModuleScheme> bytes = plan.sizes();
    Map<Integer, Long> layers =
        plan.modules().stream()
            .collect(
                Collectors.groupingBy(
                    module -> module.module().layer(), Collectors.summingLong(bytes)));
    long largest = layers.values().stream().mapToLong(Long::longValue).max().orElse(0);
    long available = spec.resources().memoryBytes();
    boolean kernels = available > 0 && plan.format().solvedByKernels();
    MemoryPlan memory = new MemoryPlan(shape, available, 0, kernels, 1);
    long trained = training.map(DistillPlan::deviceBytes).orElse(0L);
    long measured = allocation.map(it -> new AllocationWork(it).deviceBytes()).orElse(0L);
    long beside = allocation.map(it -> new AllocationWork(it).streamBytes()).orElse(0L);
    long device = Math.max(memory.deviceBytes() + beside, Math.max(trained, measured));
    return new JobPlan.Memory(device, largest, memory.expertsAtOnce());
  }

  private static JobPlan.Scheme scheme(SchemeGroup group) {
    TensorScheme scheme = group.scheme();
    return new JobPlan.Scheme(
        scheme.label(),
        scheme.format().jsonName(),
        scheme.activation().jsonName(),
        scheme.groupSize(),
        scheme.symmetric(),
        group.count(),
        group.weights(),
        group.bitsPerWeight(),
        group.bytes(),
        group.modules());
  }

  private List<JobPlan.Tensor> tensors() {
    return plan.tensors().stream().map(this::tensor).toList();
  }

  private JobPlan.Tensor tensor(PlannedTensor planned) {
    ClientPresence.require();
    Set<String> modules = new LinkedHashSet<>();
    Set<String> schemes = new LinkedHashSet<>();
    for (String piece : planned.pieces()) {
      String module = piece.substring(0, Math.max(0, piece.lastIndexOf('.')));
      modules.add(module);
      // A bias beside a quantized weight is plain.
      boolean plain = piece.endsWith(".bias") || !quantized.containsKey(module);
      schemes.add(plain ? null : quantized.get(module).scheme().label());
    }
    schemes.remove(null);
    return new JobPlan.Tensor(
        planned.name(),
        planned.tensor().dtype(),
        planned.tensor().shape(),
        planned.tensor().bytes(),
        schemes.isEmpty() ? null : String.join(", ", schemes),
        ModuleSummary.of(modules));
  }
}
