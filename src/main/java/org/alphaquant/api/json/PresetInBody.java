package org.alphaquant.api.json;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.Preset;
import org.alphaquant.scheme.Presets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The field {@code preset} of a job's body: stands for the preset's configuration and output, over
 * which the body's own fields take precedence.
 */
final class PresetInBody {
  private static final String FIELD = "preset";

  private PresetInBody() {}

  /**
   * The body with the preset written out.
   *
   * @throws ProblemException {@code invalid-job} if there is no such preset
   */
  static byte[] writtenOut(JsonMapper mapper, byte[] body) {
    // Most bodies name none, and may be megabytes of text.
    if (!new String(body, StandardCharsets.ISO_8859_1).contains('"' + FIELD + '"')) {
      return body;
    }
    try {
      if (!(mapper.readTree(body) instanceof ObjectNode job)) {
        return body;
      }
      boolean named = job.has(FIELD);
      ObjectNode whole = named ? writtenOut(job) : job;
      return sizesWrittenOut(whole) || named ? mapper.writeValueAsBytes(whole) : body;
    } catch (JacksonException malformed) {
      // Parsing it reports the fault.
      return body;
    }
  }

  private static ObjectNode writtenOut(ObjectNode job) {
    JsonNode name = job.remove(FIELD);
    if (!name.isNull()) {
      preset(name).writeInto(job);
    }
    return job;
  }

  // A size of a ladder names one as a job does.
  private static boolean sizesWrittenOut(ObjectNode job) {
    boolean any = false;
    for (JsonNode size : job.path("ladder")) {
      if (size instanceof ObjectNode step && step.has(FIELD)) {
        writtenOut(step);
        any = true;
      }
    }
    return any;
  }

  private static Preset preset(JsonNode name) {
    List<String> known = Presets.all().stream().map(Preset::name).toList();
    return Presets.named(name.isString() ? name.stringValue() : "")
        .orElseThrow(
            () ->
                new ProblemException(
                    ProblemType.INVALID_JOB,
                    List.of(
                        Problem.error(
                                "unknown-preset",
                                "/" + FIELD,
                                name,
                                "%s is no preset".formatted(name))
                            .allowing(known))));
  }
}
