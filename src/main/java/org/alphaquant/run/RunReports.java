package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.allocate.Adaptation;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.distill.DistilledFiles;
import org.alphaquant.estimate.PeakMemory;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.report.ModelCard;
import org.alphaquant.report.QuantizationReport;
import org.alphaquant.report.ReportWriter;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/** Writes the reports of a result: the quantization report, the experts and the model card. */
record RunReports(
    JobContext context,
    Torch torch,
    RunInputs inputs,
    SourceHashes source,
    SolvedLayers solved,
    RunProgress progress,
    StageSeconds seconds) {

  private static final JsonMapper JSON = JsonMapper.shared();

  /**
   * Writes the report, the experts and the model card.
   *
   * @param allocation of the job's budget; null without one
   * @param adaptation by the job's rules for experts; null without any
   */
  void write(
      Figures figures,
      DistilledFiles trained,
      Allocation allocation,
      Adaptation adaptation,
      PeakMemory.Peak peak)
      throws IOException {
    List<LayerRecord> records = solved.records();
    List<Utilization> experts = SolvedLayers.experts(records);
    QuantizationReport report =
        new ReportWriter(inputs, new SolverSettings(inputs).plan())
            .report(
                torch.kind(),
                seconds.of("hash_source", source::all),
                SolvedLayers.linears(records, trained),
                experts,
                seconds(records),
                inputs.job().plan().outputBytes(),
                figures.perplexity(),
                figures.divergence(),
                figures.choices(),
                allocation,
                adaptation,
                peak);
    report.warnings().forEach(progress::warning);
    writeJson("quantization_report.json", report);
    writeJson("experts.json", Map.of("data", experts));
    Files.writeString(
        context.artifactDirectory().resolve("README.md"),
        new ModelCard(inputs.job(), report, inputs.evaluation().warnings()).markdown());
  }

  private Map<String, Double> seconds(List<LayerRecord> records) {
    Map<String, Double> all = new LinkedHashMap<>(seconds.soFar());
    for (LayerRecord layer : records) {
      layer.seconds().forEach((stage, time) -> all.merge("quantize/" + stage, time, Double::sum));
    }
    return all;
  }

  private void writeJson(String name, Object content) throws IOException {
    Files.writeString(
        context.artifactDirectory().resolve(name),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
  }
}
