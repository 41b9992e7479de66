package org.alphaquant.report;

import java.util.List;
import java.util.Locale;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.traffic.TrafficFit;

/** The README.md of a quantized checkpoint. */
public final class ModelCard {

  private final PreparedJob prepared;
  private final QuantizationReport report;
  private final List<String> doubts;

  /**
   * @param doubts about what was measured, a sentence each
   */
  public ModelCard(PreparedJob prepared, QuantizationReport report, List<String> doubts) {
    this.prepared = prepared;
    this.report = report;
    this.doubts = List.copyOf(doubts);
  }

  public String markdown() {
    QuantizationReport.Model model = report.model();
    CardHeader header = new CardHeader(prepared, model.id(), model.origin(), model.licence());
    StringBuilder card = new StringBuilder(header.frontMatter());
    card.append("# ").append(report.model().id()).append(", quantized\n\n");
    card.append(
        header.madeOf()
            + ".\nQuantized by AlphaQuant Server with GPTQ, each token weighted by its routing score in the\n"
            + "Hessians of its experts. All figures of every linear and expert are in\n"
            + "`quantization_report.json`.\n\n");
    card.append(CardHeader.schemes(prepared.plan()));
    card.append(
        format(
            "%n%.3f bits a weight with scales; tensors of %,d bytes became %,d.%n",
            report.bitsPerWeight(), report.bytes().before(), report.bytes().after()));
    if (report.perplexity() != null) {
      card.append(
          format(
              "%n| perplexity (windows of %d tokens) | |%n|---|---|%n| before | %.4f |%n| after | %.4f |%n",
              report.perplexity().window(),
              report.perplexity().before(),
              report.perplexity().after()));
    }
    doubts.forEach(doubt -> card.append(format("%n**%s.**%n", doubt)));
    card.append(
        format(
            "%nCalibrated on %d samples of %d tokens (seed %d, tokens sha256 `%s`).%n",
            report.calibration().samples(),
            report.calibration().sequenceLength(),
            report.calibration().seed(),
            report.calibration().tokensSha256()));
    card.append(traffic()).append(texts());
    return card.append(loading()).append(ServeCommands.of(prepared.plan())).toString();
  }

  private String texts() {
    StringBuilder rows =
        new StringBuilder(
            "\n| text | documents | tokens | samples | sha256 |\n|---|---|---|---|---|\n");
    for (QuantizationReport.Source source : report.calibration().sources()) {
      rows.append(
          format(
              "| %s | %,d | %,d | %,d | %s |%n",
              source.origin().replace("|", "\\|"),
              source.documents(),
              source.tokens(),
              source.samples(),
              source.sha256() == null ? "" : "`" + source.sha256() + "`"));
    }
    return rows.toString();
  }

  private String traffic() {
    TrafficFit fit = report.calibration().traffic();
    return fit == null
        ? ""
        : format(
            "Fitted to traffic whose counts of experts have the sha256 `%s`%s: its use of them differed by %.1f %%%nfrom the text's and by %.1f %% from the weighted text's (total variation, mean of the layers; %.0f %% of the text%ncounts).%n",
            fit.sha256(),
            fit.origin() == null ? "" : " (" + fit.origin() + ")",
            100 * fit.before(),
            100 * fit.after(),
            100 * fit.effective());
  }

  private String loading() {
    return "\n" + prepared.plan().format().loading() + "\n";
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
