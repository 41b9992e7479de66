package org.alphaquant.mcp;

import io.modelcontextprotocol.server.McpStatelessServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.ErrorCodes;
import io.modelcontextprotocol.spec.McpSchema.GetPromptResult;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptArgument;
import io.modelcontextprotocol.spec.McpSchema.PromptMessage;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Map;

/** The prompts: which tools to use for a task, and in which order. */
final class McpPrompts {

  private static final int LONGEST = 2000;

  private McpPrompts() {}

  static List<SyncPromptSpecification> all() {
    return List.of(
        prompt(
            "quantize_model",
            "Quantize a model",
            "Choose a configuration for a model, run it and say how to serve the result.",
            List.of(
                required("model", "Name of the model, as inspect_model takes it."),
                optional("goal", "What matters: a size, an engine such as vLLM, a loss.")),
            """
            Quantize the model "{model}". What matters: {goal}

            1. Call inspect_model. Note the family, the experts and which modules would be quantized.
            2. Choose a configuration. Routers, norms, embeddings and the head stay as they are. Start from
               {"default": {"wq": "int4", "group_size": 128}} and give more bits to attention or to shared experts
               where the goal allows it; set output.target_runtime to the engine that is to serve the result.
            3. Call plan_job and read the bytes, the memory, the minutes and every warning. Change the job until
               the plan meets the goal. Name the licence of the model before going on.
            4. Show the plan and ask before submit_job, unless told to go on. Then call watch_job until the job has ended.
            5. Call expert_utilization. Say how much perplexity was lost, name the under-utilized experts, and give
               the command that serves the result.
            """),
        prompt(
            "explain_starved_experts",
            "Explain starved experts",
            "Say which experts of a job saw too few tokens, what that did and what to change.",
            List.of(required("job", "Id of the job.")),
            """
            Explain the under-utilized experts of the job {job}.

            1. Call watch_job with seconds 0 for the job's state and result, then expert_utilization.
            2. List the layers with under-utilized experts, with tokens and share beside the even share. Tell a few
               starved experts in many layers from one layer that a few experts dominate.
            3. Say what it means: the Hessian of an expert with too few tokens of its own leans on its layer's mean, so
               that its weights are rounded for other experts' inputs; its error counts little where its share is small, and
               much on texts that the calibration did not have.
            4. Recommend a change that fits what you see: more samples, longer sequences, texts of the domain that the
               expert serves (calibration.sources with shares), or int8 for the experts concerned by an override such as
               {"pattern": "model.layers.3.mlp.experts.17.*", "wq": "int8"}. Check it with plan_job before you name its price in bytes.
            """),
        prompt(
            "compare_results",
            "Compare results",
            "Set several finished jobs side by side and say which to take.",
            List.of(required("jobs", "Ids of the jobs, separated by commas.")),
            """
            Compare the results of the jobs {jobs}.

            Call compare_jobs with these ids. Make a table of size, bits per weight, perplexity before and after with
            the loss in percent, and divergence where it was measured. Leave out of the choice what another job beats in both
            size and loss. Say which to take for the smallest size, for the smallest loss and as a compromise, and whether the
            intervals of the figures overlap, in which case the difference is not shown.
            """),
        prompt(
            "fix_failed_job",
            "Fix a failed job",
            "Say why a job failed and what would make it run.",
            List.of(required("job", "Id of the job.")),
            """
            Find out why the job {job} failed.

            1. Call watch_job with seconds 0 and read error: its class says who can do something about it (user: the job;
               resource: memory or disk; transient: try again; internal: a fault of the service to report).
            2. For an error of class user or resource propose a changed job. Check it with plan_job, and show what changed.
            3. Ask before you call submit_job.
            """));
  }

  private static PromptArgument required(String name, String description) {
    return PromptArgument.builder(name).description(description).required(true).build();
  }

  private static PromptArgument optional(String name, String description) {
    return PromptArgument.builder(name).description(description).required(false).build();
  }

  private static SyncPromptSpecification prompt(
      String name, String title, String description, List<PromptArgument> arguments, String text) {
    Prompt prompt =
        Prompt.builder(name).title(title).description(description).arguments(arguments).build();
    return new SyncPromptSpecification(
        prompt,
        (context, request) -> {
          Map<String, Object> given = request.arguments() == null ? Map.of() : request.arguments();
          String filled = text;
          for (PromptArgument argument : arguments) {
            filled = filled.replace("{" + argument.name() + "}", value(argument, given));
          }
          TextContent content = TextContent.builder(filled).build();
          return GetPromptResult.builder(List.of(new PromptMessage(Role.USER, content)))
              .description(description)
              .build();
        });
  }

  private static String value(PromptArgument argument, Map<String, Object> given) {
    String value = given.get(argument.name()) instanceof String text ? text.strip() : "";
    if (value.isEmpty() && Boolean.TRUE.equals(argument.required())) {
      throw refused("the argument '%s' is missing".formatted(argument.name()));
    }
    if (value.length() > LONGEST) {
      throw refused(
          "the argument '%s' has %d characters, more than %d"
              .formatted(argument.name(), value.length(), LONGEST));
    }
    return value.isEmpty() ? "as small as it can be with little loss" : value;
  }

  private static McpError refused(String message) {
    return McpError.builder(ErrorCodes.INVALID_PARAMS).message(message).build();
  }
}
