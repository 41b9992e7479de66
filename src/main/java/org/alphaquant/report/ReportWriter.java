package org.alphaquant.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.alphaquant.allocate.Adaptation;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.measure.Accuracy;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.PerplexityChange;
import org.alphaquant.moe.ExpertUsage;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.Provenance;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.problem.Problem;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.report.QuantizationReport.Bytes;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Companions;
import org.alphaquant.storage.ModuleSummary;

/** Builds the report of a run. */
public final class ReportWriter {

  private static final String BORROWED = " borrowed";
  private static final String BORROWING =
      "borrowed: so much of what these experts are calibrated on is the average of their layer's"
          + " experts; more calibration text, or calibration.coverage, makes it less";

  private final RunInputs inputs;
  private final PreparedJob prepared;
  private final QuantizationPlan plan;

  public ReportWriter(RunInputs inputs, QuantizationPlan plan) {
    this.inputs = inputs;
    this.prepared = inputs.job();
    this.plan = plan;
  }

  public QuantizationReport report(
      String device,
      List<WrittenFile> source,
      List<LinearReport> linears,
      List<Utilization> experts,
      Map<String, Double> seconds,
      long bytesAfter,
      PerplexityChange perplexity,
      Divergence divergence,
      Accuracy choices,
      Allocation allocation,
      Adaptation adaptation,
      PeakMemory.Peak peak) {
    Provenance.Origin model = inputs.provenance().model();
    return new QuantizationReport(
        Versions.on(device),
        new QuantizationReport.Model(
            prepared.spec().model(),
            model == null ? null : model.origin(),
            model == null ? null : model.licence(),
            prepared.description().family(),
            prepared.description().layers(),
            prepared.description().parameters(),
            prepared.plan().source(),
            source),
        new QuantizationReport.Calibration(
            inputs.samples().samples(),
            inputs.samples().sequenceLength(),
            prepared.spec().calibration().seed(),
            prepared.spec().calibration().coverage(),
            prepared.spec().calibration().selfWritten(),
            inputs.weighed() == null ? null : inputs.weighed().fit(),
            inputs.samples().sha256(),
            sources()),
        inputs.evaluation().texts(),
        settings(),
        perplexity,
        divergence,
        choices,
        prepared.plan().bitsPerWeight(),
        allocation,
        adaptation,
        new Bytes(prepared.plan().sourceBytes(), bytesAfter),
        seconds,
        peak,
        warnings(linears, experts),
        schemed(linears),
        experts,
        leftOut());
  }

  private List<QuantizationReport.Linear> schemed(List<LinearReport> linears) {
    Map<String, TensorScheme> schemes =
        prepared.plan().content().quantized().stream()
            .collect(Collectors.toMap(ModuleScheme::name, ModuleScheme::scheme));
    return linears.stream()
        .map(linear -> QuantizationReport.Linear.of(linear, schemes.get(linear.module())))
        .toList();
  }

  private List<QuantizationReport.Source> sources() {
    List<QuantizationReport.Source> sources = new ArrayList<>();
    List<Provenance.Text> texts = inputs.provenance().texts();
    for (int i = 0; i < texts.size(); i++) {
      Provenance.Text text = texts.get(i);
      CalibrationSamples.Used used = inputs.samples().used().get(i);
      sources.add(
          new QuantizationReport.Source(
              text.source(),
              text.origin(),
              text.licence(),
              text.sha256(),
              used.documents(),
              used.tokens(),
              used.samples()));
    }
    return sources;
  }

  // Their weights are in the result in another form.
  private Map<String, String> leftOut() {
    Path folder = prepared.source().folder();
    Map<String, String> others = new TreeMap<>(Companions.of(folder).leftOut());
    prepared.source().files().forEach(file -> others.remove(file.getFileName().toString()));
    others.remove("model.safetensors.index.json");
    return others;
  }

  private QuantizationReport.Settings settings() {
    return new QuantizationReport.Settings(
        prepared.spec().recipe(),
        prepared.spec().rotation(),
        prepared.spec().gptq(),
        plan.gptq().scaleSteps());
  }

  private List<String> warnings(List<LinearReport> linears, List<Utilization> experts) {
    List<String> warnings = new ArrayList<>(inputs.evaluation().warnings());
    prepared.plan().findings().stream()
        .filter(finding -> !finding.isError())
        .map(Problem::toString)
        .forEach(warnings::add);
    warnings.addAll(inputs.samples().shortages());
    shortWindow().ifPresent(warnings::add);
    // One per kind: a large model may have tens of thousands of modules.
    linears.stream()
        .filter(linear -> linear.fallback() != null)
        .collect(
            Collectors.groupingBy(
                LinearReport::fallback,
                TreeMap::new,
                Collectors.mapping(LinearReport::module, Collectors.toList())))
        .forEach((fallback, modules) -> warnings.add(warning(fallback, modules)));
    warnings.addAll(starved(experts));
    return warnings;
  }

  private static List<String> starved(List<Utilization> experts) {
    List<String> lines = new ArrayList<>();
    for (Utilization layer : experts) {
      String starved =
          layer.experts().stream()
              .filter(ExpertUsage::underUtilized)
              .map(ReportWriter::starved)
              .collect(Collectors.joining(", "));
      if (!starved.isEmpty()) {
        lines.add("layer %d: few tokens reached experts %s".formatted(layer.layer(), starved));
      }
    }
    if (lines.stream().anyMatch(line -> line.contains(BORROWED))) {
      lines.add(BORROWING);
    }
    return lines;
  }

  private static String starved(ExpertUsage expert) {
    String unit = expert.tokens() == 1 ? "token" : "tokens";
    String tokens = "%d (%,d %s".formatted(expert.expert(), expert.tokens(), unit);
    String more =
        expert.calibrationTokens() > expert.tokens()
            ? ", calibrated on %,d".formatted(expert.calibrationTokens())
            : "";
    long percent = expert.layerShare() == null ? 0 : Math.round(100 * expert.layerShare());
    String leaning = percent == 0 ? "" : ", %d %%%s".formatted(percent, BORROWED);
    return tokens + more + leaning + ")";
  }

  private Optional<String> shortWindow() {
    if (inputs.evaluation().windows().length == 0) {
      return Optional.empty();
    }
    int wanted = prepared.spec().evaluation().perplexity().window();
    int length = inputs.evaluation().windows()[0].length;
    return length == wanted
        ? Optional.empty()
        : Optional.of(
            "too little evaluation text: one window of %d tokens instead of %d"
                .formatted(length, wanted));
  }

  private static String warning(String fallback, List<String> modules) {
    return "%s: %s".formatted(String.join(", ", ModuleSummary.of(modules)), meaning(fallback));
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
