package org.alphaquant.runner;

import java.util.OptionalLong;
import org.alphaquant.job.JobPlan;
import org.alphaquant.job.JobPlanner;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;

/** How much memory a job's runner may hold. */
final class MemoryLimit {
  // Of libtorch, the tokenizer, the embedding and head in 32-bit floats, and an evaluation's
  // logits.
  private static final long MARGIN = 8L << 30;
  private static final double OF_MACHINE = 0.9;

  private final RunnerSettings settings;
  private final JobPlanner planner;

  MemoryLimit(RunnerSettings settings, JobPlanner planner) {
    this.settings = settings;
    this.planner = planner;
  }

  /** Bytes of anonymous and shared memory: as configured, else what the plan says and a margin. */
  long of(JobSpec spec, String device) {
    if (settings.maxMemory() != null) {
      return settings.maxMemory().toBytes();
    }
    long most = (long) (RunnerSettings.machineMemory() * OF_MACHINE);
    OptionalLong planned = planned(spec, device);
    return planned.isEmpty()
        ? most
        : Math.min(most, planned.getAsLong() + settings.heap().toBytes() + MARGIN);
  }

  // A job that cannot be planned any more is the runner's to refuse.
  private OptionalLong planned(JobSpec spec, String device) {
    try {
      JobPlan.Memory memory = planner.plan(spec).memory();
      return OptionalLong.of(
          memory.hostBytes() + (device.equals("cpu") ? memory.deviceBytes() : 0));
    } catch (RefusedException | SourceAwayException notPlanned) {
      return OptionalLong.empty();
    }
  }
}
