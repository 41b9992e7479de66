package org.alphaquant.run;

import org.alphaquant.job.JobPlan;
import org.alphaquant.scheme.plan.WorkEstimate;

/**
 * 32-bit operations per second that plans reckon with; not measured on the device that will run the
 * job. The CPU's is what two cores reach on the bundled model (58e9 operations by {@link
 * WorkEstimate} in about 3 s of quantizing), the GPU's a round figure for one of a data centre.
 */
enum NominalRate {
  CPU("cpu", 2e10),
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
