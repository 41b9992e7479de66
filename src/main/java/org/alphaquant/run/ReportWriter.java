package org.alphaquant.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.evaluation.Perplexity;
import org.alphaquant.job.JobSpec;
import org.alphaquant.run.QuantizationReport.Bytes;
import org.alphaquant.run.QuantizationReport.PerplexityChange;
import org.alphaquant.run.QuantizationRun.Prepared;
import org.alphaquant.scheme.Finding;

/** Puts a run's figures together to its report. */
final class ReportWriter {

  private final Prepared prepared;
  private final JobSpec spec;
  private final QuantizationPlan plan;

  ReportWriter(Prepared prepared, JobSpec spec, QuantizationPlan plan) {
    this.prepared = prepared;
    this.spec = spec;
    this.plan = plan;
  }

  QuantizationReport report(
      List<LayerRecord> records,
      List<ExpertLayer> experts,
      Map<String, Double> phases,
      long bytesAfter,
      Perplexity before,
      Perplexity after,
      QuantizationReport.PeakMemory peak) {
    List<LinearReport> linears =
        records.stream().flatMap(record -> record.linears().stream()).toList();
    return new QuantizationReport(
        Versions.all(),
        new QuantizationReport.Model(
            spec.model(),
            prepared.description().family(),
            prepared.description().layers(),
            prepared.description().parameters(),
            SourceDigest.of(prepared.source())),
        new QuantizationReport.Calibration(
            prepared.samples().samples(),
            prepared.samples().sequenceLength(),
            spec.calibration().seed(),
            prepared.samples().sha256()),
        settings(),
        before == null
            ? null
            : new PerplexityChange(
                before.value(), after.value(), after.tokens(), prepared.windows()[0].length),
        prepared.resolution().bitsPerWeight(),
        new Bytes(prepared.source().totalBytes(), bytesAfter),
        seconds(records, phases),
        peak,
        warnings(linears, experts),
        linears,
        experts);
  }

  private QuantizationReport.Settings settings() {
    return new QuantizationReport.Settings(
        plan.gptq().damp(),
        plan.weighting().name().toLowerCase(Locale.ROOT),
        plan.gptq().blockSize(),
        plan.gptq().actOrder(),
        plan.shrinkage(),
        plan.gptq().sweeps(),
        plan.gptq().scaleSteps());
  }

  private static Map<String, Double> seconds(
      List<LayerRecord> records, Map<String, Double> phases) {
    Map<String, Double> seconds = new LinkedHashMap<>(phases);
    for (LayerRecord layer : records) {
      layer
          .seconds()
          .forEach((stage, time) -> seconds.merge("quantize/" + stage, time, Double::sum));
    }
    return seconds;
  }

  private List<String> warnings(List<LinearReport> linears, List<ExpertLayer> experts) {
    List<String> warnings = new ArrayList<>();
    prepared.plan().findings().stream()
        .filter(finding -> !finding.isError())
        .map(Finding::toString)
        .forEach(warnings::add);
    linears.stream()
        .filter(linear -> linear.fallback() != null)
        .map(linear -> "%s: %s".formatted(linear.module(), meaning(linear.fallback())))
        .forEach(warnings::add);
    for (ExpertLayer layer : experts) {
      String starved =
          layer.experts().stream()
              .filter(ExpertLayer.Expert::underUtilized)
              .map(expert -> "%d (%d tokens)".formatted(expert.expert(), expert.tokens()))
              .collect(Collectors.joining(", "));
      if (!starved.isEmpty()) {
        warnings.add("layer %d: under-utilized experts %s".formatted(layer.layer(), starved));
      }
    }
    return warnings;
  }

  private static String meaning(String fallback) {
    return switch (fallback) {
      case "layer-hessian" ->
          "no calibration token reached the expert; quantized on the layer's average";
      case "rounding" -> "the Hessian could not be inverted at any damping; plainly rounded";
      default -> fallback;
    };
  }
}
