package org.alphaquant.mcp;

import io.modelcontextprotocol.server.McpStatelessServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.client.ClientException;
import org.alphaquant.client.ServiceClient;
import org.alphaquant.request.ClientPresence;
import org.springframework.http.HttpHeaders;
import tools.jackson.databind.JsonNode;

/** The tools, each with its name, its arguments and its request to the REST API. */
final class McpTools {
  private static final Map<String, Object> JOB_BODY =
      Map.of(
          "type",
          "object",
          "description",
          "The job as POST /v1/jobs takes it: \"model\" is required; \"config\" has"
              + " \"default\" and ordered \"overrides\" of globs, for example {\"model\": \"m\","
              + " \"config\": {\"default\": {\"wq\": \"int4\", \"group_size\": 128}}}. Several sizes from"
              + " one calibration: \"ladder\": [{\"wq\": \"int4\"}, {\"bits_per_weight\": 3.5}]. The smallest"
              + " result that keeps limits: \"contract\": {\"max_kl\": 0.02}, with"
              + " \"evaluation\": {\"perplexity\": {\"path\": \"text/eval.txt\"}}. Fitted to the experts that"
              + " requests use: \"traffic\": {\"expert_counts\": ...}. A calibration kept for later jobs, or a"
              + " measurement: \"kind\": \"calibration\" or \"evaluation\".",
          "required",
          List.of("model"));
  private static final Map<String, Object> JOB_ID =
      Map.of("type", "string", "description", "Id of a job.");

  private final OwnAddress address;

  McpTools(OwnAddress address) {
    this.address = address;
  }

  List<SyncToolSpecification> all() {
    return List.of(
        reads(
            "inspect_model",
            "A model's family, layers, experts, routing and size, and what would be quantized.",
            Map.of("model", Map.of("type", "string", "description", "Name of the model.")),
            List.of("model"),
            ToolRequests::inspect),
        reads(
            "plan_job",
            "What a job would come to before it is posted: bits, bytes, memory, warnings, or what is"
                + " wrong with it.",
            Map.of("job", JOB_BODY),
            List.of("job"),
            ToolRequests::plan),
        writes(
            "submit_job",
            "Post a job; returns it with its id.",
            Map.of(
                "job",
                JOB_BODY,
                "idempotency_key",
                Map.of(
                    "type", "string",
                    "description", "Makes a repetition of this call harmless.")),
            List.of("job"),
            ToolRequests::submit),
        reads(
            "watch_job",
            "A job's state, progress and result; waits for its end, but for so many seconds at most.",
            Map.of(
                "id",
                JOB_ID,
                "seconds",
                Map.of("type", "integer", "minimum", 0, "maximum", 60, "default", 20)),
            List.of("id"),
            ToolRequests::watch),
        reads(
            "job_report",
            "What a finished job says of itself beside watch_job's figures: settings, the mix that a"
                + " budget chose, what a contract's search tried and proved, how near the text came to"
                + " traffic, warnings. Of a ladder, the size that is named.",
            Map.of(
                "id",
                JOB_ID,
                "size",
                Map.of("type", "string", "description", "Name of one of a ladder's sizes.")),
            List.of("id"),
            ToolRequests::report),
        reads(
            "list_jobs",
            "Jobs, newest first.",
            Map.of(
                "state",
                    Map.of(
                        "type",
                        "string",
                        "enum",
                        List.of("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")),
                "limit", Map.of("type", "integer", "minimum", 1, "maximum", 200, "default", 20)),
            List.of(),
            ToolRequests::list),
        reads(
            "expert_utilization",
            "How the router used the experts of a job's model, and which were under-utilized.",
            Map.of("id", JOB_ID, "layer", Map.of("type", "integer", "minimum", 0)),
            List.of("id"),
            ToolRequests::experts),
        reads(
            "compare_jobs",
            "Size, bits per weight and perplexity of several jobs, smallest first.",
            Map.of("ids", Map.of("type", "array", "items", JOB_ID, "minItems", 2, "maxItems", 50)),
            List.of("ids"),
            ToolRequests::compare),
        writes(
            "cancel_job",
            "Stop a job after the unit of work it is in.",
            Map.of("id", JOB_ID),
            List.of("id"),
            ToolRequests::cancel));
  }

  /** A tool's request to the REST API. */
  @FunctionalInterface
  private interface Request {
    JsonNode send(ToolRequests requests, Map<String, Object> arguments) throws InterruptedException;
  }

  private SyncToolSpecification reads(
      String name,
      String text,
      Map<String, Object> fields,
      List<String> required,
      Request request) {
    return tool(name, text, fields, required, true, request);
  }

  private SyncToolSpecification writes(
      String name,
      String text,
      Map<String, Object> fields,
      List<String> required,
      Request request) {
    return tool(name, text, fields, required, false, request);
  }

  private SyncToolSpecification tool(
      String name,
      String text,
      Map<String, Object> fields,
      List<String> required,
      boolean readOnly,
      Request request) {
    Map<String, Object> schema =
        Map.of(
            "type",
            "object",
            "properties",
            fields,
            "required",
            required,
            "additionalProperties",
            false);
    Tool tool =
        Tool.builder(name, schema).description(text).annotations(annotations(readOnly)).build();
    return new SyncToolSpecification(
        tool,
        (context, call) ->
            answer(context.get(HttpHeaders.AUTHORIZATION), call.arguments(), request));
  }

  private static ToolAnnotations annotations(boolean readOnly) {
    return new ToolAnnotations(null, readOnly, false, readOnly, false, null);
  }

  private CallToolResult answer(Object header, Map<String, Object> arguments, Request request) {
    Optional<String> key =
        Optional.ofNullable((String) header).map(text -> text.replaceFirst("(?i)^Bearer ", ""));
    try {
      ToolRequests requests =
          new ToolRequests(new ServiceClient(address.url(), key, ClientPresence::require));
      JsonNode answer = request.send(requests, arguments);
      return result(answer.toString(), false);
    } catch (ClientException refused) {
      return result(refused.getMessage(), true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return result("the service is stopping", true);
    }
  }

  private static CallToolResult result(String text, boolean isError) {
    return CallToolResult.builder(List.of(TextContent.builder(text).build()))
        .isError(isError)
        .build();
  }
}
