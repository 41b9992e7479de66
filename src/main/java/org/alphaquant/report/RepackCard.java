package org.alphaquant.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.ResultTensor;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The README.md of a repacked model: what the source was, and what changed.
 *
 * @param licence of the source; null where none is known
 */
public record RepackCard(PreparedJob prepared, RepackReport report, String licence) {

  private static final long MAX_REPORT = 256L << 20;

  public String markdown() {
    Plan plan = prepared.plan();
    String format = plan.format().name();
    CardHeader header = new CardHeader(prepared, report.model(), report.source().origin(), licence);
    return header.frontMatter()
        + "# %s, as %s\n\n".formatted(report.model(), format)
        + header.madeOf()
        + ", "
        + stored()
        + ".\n"
        + before()
        + "\nAlphaQuant Server has written it as "
        + format
        + " without quantizing it again. Every weight of the %,d quantized linears is\n"
            .formatted(plan.content().quantized().size())
        + "the same number as in the source: all were compared bit for bit before and after writing.\n"
        + "Names, order and storage of the tensors have changed; `repack_report.json` has the source's hashes.\n\n"
        + CardHeader.schemes(plan)
        + format(
            "%n%.3f bits a weight with scales; tensors of %,d bytes became %,d.%n%n",
            plan.bitsPerWeight(), plan.sourceBytes(), plan.outputBytes())
        + types(plan)
        + "\n"
        + plan.format().loading()
        + "\n"
        + ServeCommands.of(plan);
  }

  private String stored() {
    JsonNode method = prepared.source().config().at("/quantization_config/quant_method");
    return method.isString()
        ? "which is quantized in the format `" + plain(method) + "`"
        : "whose tensors are plain";
  }

  // From this program's report on it, if there is one.
  private String before() {
    Checkpoint source = prepared.source();
    Path file = source.folder().resolve("quantization_report.json");
    try {
      return before(JsonMapper.shared().readTree(source.links().text(file, MAX_REPORT)));
    } catch (IOException | JacksonException noReport) {
      return "";
    }
  }

  private static String before(JsonNode quantization) {
    JsonNode model = quantization.at("/model/id");
    JsonNode perplexity = quantization.path("perplexity");
    if (!model.isString()) {
      return "";
    }
    String figures =
        perplexity.path("after").isNumber()
            ? format(
                ": perplexity %.4f before, %.4f after (windows of %d tokens)",
                perplexity.path("before").asDouble(),
                perplexity.path("after").asDouble(),
                perplexity.path("window").asInt())
            : "";
    return "That was quantized from `%s`%s.\n".formatted(plain(model), figures);
  }

  private static String plain(JsonNode text) {
    return text.asString().replaceAll("[`\\p{Cntrl}]", " ");
  }

  private static String types(Plan plan) {
    Map<String, long[]> types = new TreeMap<>();
    plan.tensors()
        .forEach(
            planned -> {
              ResultTensor tensor = planned.tensor();
              long[] count = types.computeIfAbsent(tensor.dtype(), type -> new long[2]);
              count[0]++;
              count[1] += tensor.bytes();
            });
    StringBuilder table = new StringBuilder("| stored as | tensors | bytes |\n|---|---|---|\n");
    types.forEach(
        (type, count) -> table.append(format("| %s | %,d | %,d |%n", type, count[0], count[1])));
    return table.toString();
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
