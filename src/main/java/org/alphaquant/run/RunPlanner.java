package org.alphaquant.run;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
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
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.scheme.Finding;
import org.alphaquant.scheme.InvalidConfigException;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.scheme.plan.PlannedModule;
import org.alphaquant.scheme.plan.SchemeGroup;
import org.alphaquant.source.SourceException;
import org.springframework.stereotype.Component;

/** Plans a job as a run would begin it, without reading a weight. */
@Component
class RunPlanner implements JobPlanner {

  private final JobInputs inputs;

  RunPlanner(JobInputs inputs) {
    this.inputs = inputs;
  }

  @Override
  public JobPlan plan(JobSpec spec) {
    try (Checkpoint source = Checkpoint.open(inputs.folder(spec))) {
      ModelDescription description = inputs.describe(spec, source);
      Plan plan =
          inputs.plan(
              spec, source, description, inputs.resolve(spec, source, description).orThrow());
      return plan(spec, source, description, plan);
    } catch (SourceException | CheckpointException | ModelException e) {
      throw new RefusedException(List.of(InputProblems.ofModel(spec.model(), spec.modelType(), e)));
    } catch (InvalidConfigException e) {
      throw new RefusedException(e.findings().stream().map(InputProblems::of).toList());
    }
  }

  private static JobPlan plan(
      JobSpec spec, Checkpoint source, ModelDescription description, Plan plan) {
    JobSpec.Calibration calibration = spec.calibration();
    long tokens = (long) calibration.samples() * calibration.sequenceLength();
    ModelShape shape = new ModelShape(description, tokens);
    WorkEstimate work = WorkEstimate.of(shape.mean());
    return new JobPlan(
        spec.model(),
        description.family(),
        plan.format().jsonName(),
        plan.target().jsonName(),
        plan.bitsPerWeight(),
        new JobResult.Size(source.totalBytes(), plan.outputBytes()),
        memory(spec, shape, plan),
        Arrays.stream(NominalRate.values()).map(rate -> rate.estimate(work)).toList(),
        plan.groups().stream().map(RunPlanner::scheme).toList(),
        plan.findings().stream().map(RunPlanner::warning).toList());
  }

  private static JobPlan.Memory memory(JobSpec spec, ModelShape shape, Plan plan) {
    Map<Integer, Long> layers =
        plan.modules().stream()
            .collect(
                Collectors.groupingBy(
                    module -> module.resolved().module().layer(),
                    Collectors.summingLong(PlannedModule::bytes)));
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
