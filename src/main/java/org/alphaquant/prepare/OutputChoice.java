package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.alphaquant.checkpoint.Dtype;
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
  private static final Map<String, Dtype> UNQUANTIZED =
      new TreeMap<>(Map.of("f32", Dtype.F32, "f16", Dtype.F16, "bf16", Dtype.BF16));

  /** The choice; names that {@link #problems} refuses count as not given. */
  static OutputChoice of(OutputRequest output) {
    return new OutputChoice(
        StorageFormats.named(output.format()).map(format -> stored(format, output)),
        Optional.ofNullable(output.targetRuntime())
            .flatMap(TargetRuntime::named)
            .orElse(
                output.format().equals(StorageFormats.GGUF.name())
                    ? TargetRuntime.LLAMA_CPP
                    : TargetRuntime.NONE));
  }

  private static StorageFormat stored(StorageFormat format, OutputRequest output) {
    return Optional.ofNullable(output.unquantized())
        .map(UNQUANTIZED::get)
        .flatMap(format::withUnquantized)
        .orElse(format);
  }

  /** Names that do not exist, and a type that the format has no place for. */
  static List<Problem> problems(OutputRequest output) {
    List<Problem> problems = new ArrayList<>();
    List<String> formats = new ArrayList<>(List.of(AUTO));
    formats.addAll(StorageFormats.names());
    check(problems, "format", output.format(), formats);
    if (output.targetRuntime() != null) {
      check(problems, "target_runtime", output.targetRuntime(), TargetRuntime.jsonNames());
    }
    if (output.unquantized() != null) {
      check(problems, "unquantized", output.unquantized(), List.copyOf(UNQUANTIZED.keySet()));
      if (!output.format().equals(StorageFormats.GGUF.name())) {
        String detail =
            "output.unquantized is given with the format %s, which keeps the source's types"
                .formatted(output.format());
        problems.add(
            Problem.error("format-cannot-hold", "/output/unquantized", output.unquantized(), detail)
                .allowing(List.of("null")));
      }
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
