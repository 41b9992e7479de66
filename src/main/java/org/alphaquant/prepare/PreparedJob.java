package org.alphaquant.prepare;

import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.scheme.Resolution;
import org.alphaquant.scheme.plan.Plan;

/** Everything that a run computes with, read and checked. */
public record PreparedJob(
    Checkpoint source,
    ModelDescription description,
    Resolution resolution,
    Plan plan,
    Dtype dtype,
    CalibrationSamples samples,
    long[][] windows) {}
