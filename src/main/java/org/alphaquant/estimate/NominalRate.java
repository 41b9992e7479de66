package org.alphaquant.estimate;

import org.alphaquant.job.plan.JobPlan;

/**
 * 32-bit operations per second that plans reckon with; not measured on the device that will run the
 * job. They are the operations by {@link WorkEstimate} over the seconds of a run: the bundled model
 * on two CPU cores (62e9 in about 6.5 s, trials of settings counted in), and a model of
 * OLMoE-1B-7B's size on an H200 (1.6e15 in 16.7 s, docs/performance.md, without trials).
 */
public enum NominalRate {
  CPU("cpu", 1e10),
  CUDA("cuda", 9.5e13);

  private final String device;
  private final double operationsPerSecond;

  NominalRate(String device, double operationsPerSecond) {
    this.device = device;
    this.operationsPerSecond = operationsPerSecond;
  }

  public JobPlan.Estimate estimate(WorkEstimate work) {
    return new JobPlan.Estimate(device, operationsPerSecond, work.minutes(operationsPerSecond));
  }
}
