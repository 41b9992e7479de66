package org.alphaquant.run;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.ModelShape;
import org.alphaquant.estimate.NominalRate;
import org.alphaquant.estimate.WorkEstimate;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.JobPlan;
import org.alphaquant.job.JobPlanner;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.prepare.InputProblems;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.scheme.Finding;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.scheme.plan.SchemeGroup;
import org.alphaquant.source.SourceException;
import org.springframework.stereotype.Component;

/** Plans a job as a run would begin it, without reading a weight. */
@Component
class RunPlanner implements JobPlanner {

  private final JobPreparation preparation;

  RunPlanner(JobPreparation preparation) {
    this.preparation = preparation;
  }

  @Override
  public JobPlan plan(JobSpec spec) {
    try (PreparedJob job = preparation.open(spec)) {
      if (!job.plan().errors().isEmpty()) {
        throw new RefusedException(job.plan().errors().stream().map(InputProblems::of).toList());
      }
      return plan(job);
    } catch (SourceException | CheckpointException | ModelException e) {
      throw new RefusedException(List.of(InputProblems.ofModel(spec.model(), spec.modelType(), e)));
    } catch (InvalidConfigException e) {
      throw new RefusedException(e.findings().stream().map(InputProblems::of).toList());
    }
  }

  private static JobPlan plan(PreparedJob job) {
    Plan plan = job.plan();
    JobSpec.Calibration calibration = job.spec().calibration();
    long tokens = (long) calibration.samples() * calibration.sequenceLength();
    ModelShape shape = new ModelShape(job.description(), tokens);
    WorkEstimate work = WorkEstimate.of(shape.mean());
    return new JobPlan(
        job.spec().model(),
        job.description().family(),
        plan.format().name(),
        plan.target().jsonName(),
        plan.bitsPerWeight(),
        new JobResult.Size(plan.sourceBytes(), plan.outputBytes()),
        memory(job.spec(), shape, plan),
        Arrays.stream(NominalRate.values()).map(rate -> rate.estimate(work)).toList(),
        plan.groups().stream().map(RunPlanner::scheme).toList(),
        plan.findings().stream().map(RunPlanner::warning).toList());
  }

  private static JobPlan.Memory memory(JobSpec spec, ModelShape shape, Plan plan) {
    Map<Integer, Long> layers =
        plan.modules().stream()
            .collect(
                Collectors.groupingBy(
                    module -> module.module().layer(), Collectors.summingLong(plan::bytes)));
    long largest = layers.values().stream().mapToLong(Long::longValue).max().orElse(0);
    MemoryPlan memory = new MemoryPlan(shape.largest(), spec.resources().memoryBytes(), 0);
    return new JobPlan.Memory(memory.deviceBytes(), largest, memory.expertsAtOnce());
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

  private static JobPlan.Warning warning(Finding finding) {
    Finding below = finding.below("/config");
    return new JobPlan.Warning(
        below.severity().name().toLowerCase(Locale.ROOT),
        below.code(),
        below.pointer(),
        below.value(),
        below.detail(),
        below.allowed());
  }
}
