package org.alphaquant.run;

import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.moe.Utilization;
import org.alphaquant.quantize.KeptCalibration;
import org.alphaquant.traffic.Evidence;

/** A kept calibration whose experts count as much as traffic uses them. */
record WeighedCalibration(KeptCalibration kept, Evidence evidence) implements KeptCalibration {

  @Override
  public SafetensorsFile layer(int index) {
    return kept.layer(index);
  }

  @Override
  public Utilization experts(int index) {
    return kept.experts(index);
  }

  @Override
  public double[] evidence(int index) {
    double[] factors = kept.evidence(index);
    for (int e = 0; e < factors.length; e++) {
      factors[e] *= evidence.factors().get(index)[e];
    }
    return factors;
  }
}
