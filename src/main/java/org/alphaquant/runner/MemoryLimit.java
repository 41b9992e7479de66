package org.alphaquant.runner;

import java.util.OptionalLong;
import org.alphaquant.job.plan.JobPlan;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PlanAnswer;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.worker.JobContext;

/** The memory limit of a job's runner. */
final class MemoryLimit {
  // For libtorch, the tokenizer, embedding and head in float32, and the logits of an evaluation.
  private static final long MARGIN = 8L << 30;
  // That of each GPU, and two packed layers, are page-locked memory of the process.
  private static final long READ_AHEAD = 1L << 30;
  private static final double OF_MACHINE = 0.9;

  private final RunnerSettings settings;
  private final JobInputs inputs;

  MemoryLimit(RunnerSettings settings, JobInputs inputs) {
    this.settings = settings;
    this.inputs = inputs;
  }

  /**
   * Bytes of anonymous and shared memory: as configured, else the plan's estimate plus a margin.
   */
  long of(JobContext context) {
    if (settings.maxMemory() != null) {
      return settings.maxMemory().toBytes();
    }
    long most = (long) (RunnerSettings.machineMemory() * OF_MACHINE);
    OptionalLong planned = planned(context);
    return planned.isEmpty()
        ? most
        : Math.min(most, planned.getAsLong() + settings.heap().toBytes() + MARGIN);
  }

  // The runner refuses a job that can no longer be planned.
  private OptionalLong planned(JobContext context) {
    JobPreparation preparation = new JobPreparation(inputs.with(context.sources()));
    try (PreparedJob job = preparation.open(context.spec())) {
      JobPlan.Memory memory = PlanAnswer.of(job).memory();
      boolean onHost = context.device().equals("cpu");
      long locked = memory.hostBytes() + context.devices().size() * READ_AHEAD;
      long beside = onHost ? memory.deviceBytes() : locked;
      return OptionalLong.of(memory.hostBytes() + beside);
    } catch (RuntimeException notPlanned) {
      return OptionalLong.empty();
    }
  }
}
