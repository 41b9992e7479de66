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
import org.alphaquant.scheme.plan.Plan;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the cards of all results say: where it comes from, and the schemes of its weights.
 *
 * @param id of the source, as the job names it
 * @param origin where the source was brought from; null where it is below a root
 * @param licence of the source; null where none is known
 */
record CardHeader(PreparedJob prepared, String id, String origin, String licence) {

  private static final String RELATION = "base_model_relation";
  private static final String QUANTIZED = "quantized";

  /** Front matter for hubs: base model, licence and the source's own fields. */
  String frontMatter() {
    Map<String, Object> source = SourceCard.of(prepared.source().folder());
    boolean isQuantized = QUANTIZED.equals(source.remove(RELATION));
    List<Object> bases = bases(source.remove("base_model"), isQuantized);
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("base_model", bases.size() == 1 ? bases.get(0) : bases);
    values.put(RELATION, QUANTIZED);
    values.putAll(source);
    if (licence != null) {
      values.putIfAbsent("license", licence);
    }
    values.put("tags", List.of("alphaquant", prepared.plan().format().name()));
    StringBuilder matter = new StringBuilder("---\n");
    values.forEach((key, value) -> matter.append(key + ": " + quoted(value) + "\n"));
    return matter.append("---\n\n").toString();
  }

  /** The start of a sentence that names the source. */
  String madeOf() {
    return "Made of `"
        + (origin == null ? id : origin)
        + "`"
        + (licence == null ? "" : " (licence: " + licence + ")");
  }

  // The source first, then the source's base models; these alone where it is a quantized model in a
  // folder, whose name hubs do not know.
  private List<Object> bases(Object own, boolean isQuantized) {
    if (isQuantized && origin == null && own != null) {
      return own instanceof List<?> several ? List.copyOf(several) : List.of(own);
    }
    String source = origin == null ? id : origin.replaceFirst("^hf://", "").replaceFirst("@.*", "");
    List<Object> bases = new ArrayList<>(List.of(source));
    bases.addAll(own instanceof List<?> several ? several : own == null ? List.of() : List.of(own));
    return bases;
  }

  // JSON's texts are YAML's too.
  private static String quoted(Object text) {
    return JsonMapper.shared().writeValueAsString(text);
  }

  /** A table of kinds of linears with their schemes. */
  static String schemes(Plan plan) {
    Map<String, long[]> schemes = new LinkedHashMap<>();
    for (ModuleScheme module : plan.modules()) {
      String kind = module.module().kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
      long[] count =
          schemes.computeIfAbsent(kind + " | " + weights(module.scheme()), s -> new long[2]);
      count[0]++;
      count[1] += module.module().elements();
    }
    StringBuilder table =
        new StringBuilder("| what | weights | linears | parameters |\n|---|---|---|---|\n");
    schemes.forEach(
        (scheme, count) ->
            table.append(
                String.format(Locale.ROOT, "| %s | %,d | %,d |%n", scheme, count[0], count[1])));
    return table.toString();
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
}
