package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.job.OutputRequest;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.storage.serving.TargetRuntime;

/**
 * The requested output format and target.
 *
 * @param format empty for the most readable format that holds every scheme
 * @param target the program that is to load it
 */
record OutputChoice(Optional<StorageFormat> format, TargetRuntime target) {

  private static final String AUTO = "auto";

  /** The choice; names that {@link #problems} refuses count as not given. */
  static OutputChoice of(OutputRequest output) {
    return new OutputChoice(
        StorageFormats.named(output.format()),
        Optional.ofNullable(output.targetRuntime())
            .flatMap(TargetRuntime::named)
            .orElse(
                output.format().equals(StorageFormats.GGUF.name())
                    ? TargetRuntime.LLAMA_CPP
                    : TargetRuntime.NONE));
  }

  /** Names that do not exist. */
  static List<Problem> problems(OutputRequest output) {
    List<Problem> problems = new ArrayList<>();
    List<String> formats = new ArrayList<>(List.of(AUTO));
    formats.addAll(StorageFormats.names());
    check(problems, "format", output.format(), formats);
    if (output.targetRuntime() != null) {
      check(problems, "target_runtime", output.targetRuntime(), TargetRuntime.jsonNames());
    }
    return problems;
  }

  private static void check(
      List<Problem> problems, String field, String value, List<String> allowed) {
    if (!allowed.contains(value)) {
      String detail =
          "output.%s is '%s'; it must be one of %s"
              .formatted(field, value, String.join(", ", allowed));
      problems.add(
          Problem.error("unknown-name", "/output/" + field, value, detail).allowing(allowed));
    }
  }
}
