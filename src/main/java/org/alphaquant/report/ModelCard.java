package org.alphaquant.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.traffic.TrafficFit;
import tools.jackson.databind.json.JsonMapper;

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
    StringBuilder card = new StringBuilder(frontMatter());
    card.append("# ").append(report.model().id()).append(", quantized\n\n");
    card.append(
        "Made of "
            + (report.model().origin() == null
                ? "`" + report.model().id() + "`"
                : "`" + report.model().origin() + "`")
            + (report.model().licence() == null
                ? ".\n"
                : " (licence: " + report.model().licence() + ").\n")
            + "Quantized by AlphaQuant Server with GPTQ, each token weighted by its routing score in the\n"
            + "Hessians of its experts. All figures of every linear and expert are in\n"
            + "`quantization_report.json`.\n\n");
    card.append("| what | weights | linears | parameters |\n|---|---|---|---|\n");
    schemes().forEach((scheme, count) -> card.append(row(scheme, count)));
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

  /** The card's front matter for hubs: base model, licence and the source's own fields. */
  private String frontMatter() {
    Map<String, Object> source = SourceCard.of(prepared.source().folder());
    List<Object> bases = bases(source.remove("base_model"));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("base_model", bases.size() == 1 ? bases.get(0) : bases);
    values.put("base_model_relation", "quantized");
    values.putAll(source);
    if (report.model().licence() != null) {
      values.putIfAbsent("license", report.model().licence());
    }
    values.put("tags", List.of("alphaquant", prepared.plan().format().name()));
    StringBuilder matter = new StringBuilder("---\n");
    values.forEach((key, value) -> matter.append(key + ": " + quoted(value) + "\n"));
    return matter.append("---\n\n").toString();
  }

  // The source first, then the source's base models.
  private List<Object> bases(Object own) {
    String origin = report.model().origin();
    String source =
        origin == null
            ? report.model().id()
            : origin.replaceFirst("^hf://", "").replaceFirst("@.*", "");
    List<Object> bases = new ArrayList<>(List.of(source));
    bases.addAll(own instanceof List<?> several ? several : own == null ? List.of() : List.of(own));
    return bases;
  }

  // JSON's texts are YAML's too.
  private static String quoted(Object text) {
    return JsonMapper.shared().writeValueAsString(text);
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

  private Map<String, long[]> schemes() {
    Map<String, long[]> schemes = new LinkedHashMap<>();
    for (ModuleScheme module : prepared.plan().modules()) {
      String kind = module.module().kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
      long[] count =
          schemes.computeIfAbsent(kind + " | " + weights(module.scheme()), s -> new long[2]);
      count[0]++;
      count[1] += module.module().elements();
    }
    return schemes;
  }

  private static String weights(TensorScheme scheme) {
    if (scheme.format() == NumberFormat.BF16) {
      return "as in the source";
    }
    String group =
        scheme.groupSize() == TensorScheme.PER_CHANNEL
            ? "one scale a row"
            : "groups of " + scheme.groupSize();
    return scheme.format().jsonName() + ", " + group + (scheme.symmetric() ? "" : ", zero points");
  }

  private static String row(String scheme, long[] count) {
    return format("| %s | %,d | %,d |%n", scheme, count[0], count[1]);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
