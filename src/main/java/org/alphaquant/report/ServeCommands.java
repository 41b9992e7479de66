package org.alphaquant.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.scheme.plan.TargetRuntime;

/** The commands that serve a result, to be run in its folder. */
final class ServeCommands {

  private static final String VLLM = "vllm serve . --served-model-name quantized";
  private static final String SGLANG =
      "python -m sglang.launch_server --model-path . --served-model-name quantized";
  private static final String TRANSFORMERS = "transformers serve .";
  private static final String LLAMA = "llama-server -m *.gguf --alias quantized";

  /** Which programs read which format. */
  private static final Map<String, List<TargetRuntime>> READERS =
      Map.of(
          "compressed-tensors",
              List.of(TargetRuntime.VLLM, TargetRuntime.SGLANG, TargetRuntime.TRANSFORMERS),
          "gptq", List.of(TargetRuntime.VLLM, TargetRuntime.SGLANG),
          "quark", List.of(TargetRuntime.VLLM),
          "dequantized",
              List.of(TargetRuntime.VLLM, TargetRuntime.SGLANG, TargetRuntime.TRANSFORMERS));

  private ServeCommands() {}

  /** A section of the card: the target's command alone, or those of all that read the format. */
  static String of(Plan plan) {
    Map<String, String> commands = new LinkedHashMap<>();
    if (plan.format().name().equals("gguf")) {
      commands.put("llama.cpp", LLAMA);
    }
    for (TargetRuntime reader : READERS.getOrDefault(plan.format().name(), List.of())) {
      if (plan.target() == TargetRuntime.NONE || plan.target() == reader) {
        commands.put(reader.jsonName(), command(reader));
      }
    }
    if (commands.isEmpty()) {
      return "";
    }
    StringBuilder section = new StringBuilder("\n## Serve it\n\nIn this folder:\n\n");
    commands.forEach(
        (name, command) ->
            section
                .append("```sh\n# ")
                .append(name)
                .append('\n')
                .append(command)
                .append("\n```\n"));
    return section.toString();
  }

  private static String command(TargetRuntime runtime) {
    return switch (runtime) {
      case VLLM -> VLLM;
      case SGLANG -> SGLANG;
      case TRANSFORMERS -> TRANSFORMERS;
      default -> LLAMA;
    };
  }
}
