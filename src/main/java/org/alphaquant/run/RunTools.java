package org.alphaquant.run;

import java.util.Arrays;
import java.util.List;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.CoveragePlan;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.prepare.SourceDigest;
import org.alphaquant.quantize.KeptCalibration;
import org.alphaquant.report.Versions;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.AttemptLayout;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * The state and services that all phases of a run share.
 *
 * @param torch the first device, which does everything that is not shared
 * @param kept a calibration of an earlier run; null where there is none
 * @param seconds of the stages so far
 * @param layers of this attempt
 * @param memory plan of each device
 * @param checking of the source, beside the work
 */
record RunTools(
    JobContext context,
    Torch torch,
    KeptFolder kept,
    RunProgress progress,
    StageSeconds seconds,
    PeakMemory peak,
    LayerFiles layers,
    SolvedLayers solved,
    Resumption resumption,
    MemoryPlan memory,
    LayerwiseSolving solving,
    Measuring measuring,
    CheckingSource checking) {

  private static final JsonMapper JSON = JsonMapper.shared();

  /**
   * @param devices that solve together
   * @param inputs with the configuration as it was posted
   * @param fingerprint of them
   */
  static RunTools of(
      JobContext context,
      List<Torch> devices,
      KeptFolder kept,
      RunInputs inputs,
      RunProgress progress,
      StageSeconds seconds,
      String fingerprint) {
    Torch torch = devices.get(0);
    boolean solvesFromKept = kept != null && context.spec().calibration().solvesFromKept();
    // Hessians of the original are kept, and solved from, by one device.
    boolean alone = solvesFromKept || context.spec().kind() == JobKind.CALIBRATION;
    List<Torch> solvers = alone ? devices.subList(0, 1) : devices;
    PeakMemory peak = new PeakMemory(devices);
    LayerFiles layers = new LayerFiles(new AttemptLayout(context.attemptDirectory()).layers());
    SolvedLayers solved = new SolvedLayers(layers, inputs.job().description().layers());
    Resumption resumption = Resumption.of(context, fingerprint, layers, solvesFromKept);
    MemoryPlan memory = memory(context, solvers, devices, inputs);
    CheckingSource checking = new CheckingSource();
    Runnable betweenLayers =
        () -> {
          context.betweenLayers();
          seconds.of("check_source", checking::await);
        };
    LayerwiseSolving solving =
        new LayerwiseSolving(
            solvers, memory, peak, seconds, solvesFromKept ? kept : null, betweenLayers);
    Measuring measuring =
        new Measuring(
            torch, inputs.evaluation(), resumption.outputs(), progress, memory, peak, seconds);
    return new RunTools(
        context,
        torch,
        kept,
        progress,
        seconds,
        peak,
        layers,
        solved,
        resumption,
        memory,
        solving,
        measuring,
        checking);
  }

  /** The same, solving from another calibration. */
  RunTools solvingFrom(KeptCalibration other) {
    return new RunTools(
        context,
        torch,
        kept,
        progress,
        seconds,
        peak,
        layers,
        solved,
        resumption,
        memory,
        solving.from(other),
        measuring,
        checking);
  }

  JobSpec spec() {
    return context.spec();
  }

  // Of one of the devices, which all get as much to do.
  private static MemoryPlan memory(
      JobContext context, List<Torch> solvers, List<Torch> devices, RunInputs inputs) {
    int sharing = solvers.size();
    long samples = (inputs.samples().samples() + sharing - 1) / sharing;
    return new MemoryPlan(
        new CoveragePlan(inputs.job()).largest(samples * inputs.samples().sequenceLength()),
        devices.stream().mapToLong(it -> it.freeDeviceMemory().orElse(0)).min().orElse(0),
        context.earlierResourceFailures(),
        devices.get(0).runsKernels() && inputs.job().plan().format().solvedByKernels(),
        sharing);
  }

  // Layers of an earlier attempt are adopted only if all of this is equal.
  static String fingerprint(String device, JobSpec spec, RunInputs inputs) {
    PreparedJob prepared = inputs.job();
    return String.join(
        "\n",
        JSON.writeValueAsString(spec),
        SourceDigest.ofFiles(prepared.source()),
        inputs.samples().sha256(),
        inputs.traffic() == null ? "" : inputs.traffic().sha256(),
        String.valueOf(Arrays.deepHashCode(inputs.training())),
        String.valueOf(Arrays.deepHashCode(inputs.heldOut())),
        Versions.all().toString(),
        device.replaceAll("\\d", ""));
  }
}
