package org.alphaquant.report;

import java.util.List;
import java.util.Optional;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.serving.TargetRuntime;

/** The commands that serve a result, to be run in its folder. */
final class ServeCommands {

  private static final String VLLM = "vllm serve . --served-model-name quantized";
  private static final String SGLANG =
      "python -m sglang.launch_server --model-path . --served-model-name quantized";
  private static final String TRANSFORMERS = "transformers serve .";
  private static final String LLAMA = "llama-server -m *.gguf --alias quantized";

  private ServeCommands() {}

  /**
   * A section of the card: the command of the target, or those of all engines that serve the
   * result, and for the others that read the format why they do not.
   */
  static String of(Plan plan) {
    StringBuilder section = new StringBuilder("\n## Serve it\n\nIn this folder:\n\n");
    plan.readers()
        .forEach(
            (engine, findings) -> {
              if (plan.target() == TargetRuntime.NONE || plan.target() == engine) {
                section.append(of(engine, findings));
              }
            });
    return section.toString();
  }

  private static String of(TargetRuntime engine, List<Problem> findings) {
    Optional<Problem> error = findings.stream().filter(Problem::isError).findFirst();
    if (error.isPresent()) {
      return "%s does not serve it: %s.\n\n".formatted(engine.label(), error.get().detail());
    }
    StringBuilder block = new StringBuilder("```sh\n# " + engine.label() + "\n");
    findings.forEach(finding -> block.append("# ").append(finding.detail()).append('\n'));
    return block.append(command(engine)).append("\n```\n").toString();
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
