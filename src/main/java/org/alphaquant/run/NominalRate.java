package org.alphaquant.run;

import org.alphaquant.job.JobPlan;
import org.alphaquant.scheme.plan.WorkEstimate;

/**
 * 32-bit operations per second that plans reckon with. They are round figures for a device of the
 * kind, not measured on the one that will run the job: a few cores, a data-centre GPU.
 */
enum NominalRate {
  CPU("cpu", 1e11),
  CUDA("cuda", 1e13);

  private final String device;
  private final double operationsPerSecond;

  NominalRate(String device, double operationsPerSecond) {
    this.device = device;
    this.operationsPerSecond = operationsPerSecond;
  }

  JobPlan.Estimate estimate(WorkEstimate work) {
    return new JobPlan.Estimate(device, operationsPerSecond, work.minutes(operationsPerSecond));
  }
}
