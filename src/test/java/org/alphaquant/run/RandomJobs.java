package org.alphaquant.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alphaquant.format.NumberFormat;

/** Job specifications as nobody would think them up, the same for the same seed. */
final class RandomJobs {

  private static final List<String> PATTERNS =
      List.of(
          "lm_head",
          "*lm_head",
          "*.gate",
          "*.router*",
          "*shared_expert_gate",
          "*embed_tokens",
          "*.experts.0.*",
          "*.experts.*.down_proj",
          "*.w2",
          "*.q_proj",
          "*self_attn*",
          "*.layers.0.*",
          "*mlp*",
          "*.*",
          "*norm*");

  /** Those that {@link ResultReader} can read. */
  private static final List<String> OUTPUTS =
      List.of("auto", "compressed-tensors", "gptq", "quark", "dequantized", "gguf");

  private static final List<String> INTEGERS = List.of("int2", "int3", "int4", "int8");

  private final Random random;
  private String output;

  RandomJobs(long seed) {
    this.random = new Random(seed);
  }

  String spec(List<String> models) {
    output = output();
    List<String> overrides = new ArrayList<>();
    for (int left = random.nextInt(4); left > 0; left--) {
      overrides.add(override());
    }
    return """
        {"model": "%s",
         "config": {"default": {%s}, "overrides": [%s]},
         "gptq": {"scale_search": %s, "sweeps": 0},
         "calibration": {"path": "text.txt", "samples": 2, "sequence_length": 16},
         "output": {"format": "%s", "target_runtime": "%s", "max_shard_bytes": %d}}
        """
        .formatted(
            one(models),
            scheme(),
            String.join(", ", overrides),
            random.nextBoolean(),
            output,
            target(),
            random.nextBoolean() ? 1_000_000_000L : 1_048_576L);
  }

  private String target() {
    if (output.equals("gguf")) {
      return "llama.cpp";
    }
    return random.nextInt(4) > 0 ? "none" : one(List.of("vllm", "sglang", "transformers"));
  }

  private String output() {
    return one(OUTPUTS);
  }

  private String override() {
    String pattern = "{\"pattern\": \"" + one(PATTERNS) + "\", ";
    return pattern + (random.nextInt(5) == 0 ? "\"skip\": true}" : scheme() + "}");
  }

  private String scheme() {
    String format = random.nextInt(12) == 0 ? one(NumberFormat.jsonNames()) : one(formats());
    List<String> fields = new ArrayList<>(List.of("\"wq\": \"" + format + "\""));
    if (random.nextInt(8) > 0) {
      int group =
          output.equals("gguf")
              ? format.startsWith("int") ? 32 : -1
              : one(format.startsWith("int") ? List.of(-1, -1, 16, 32) : List.of(-1));
      fields.add("\"group_size\": " + group);
    }
    if (format.startsWith("int") && !output.equals("gptq") && random.nextInt(3) == 0) {
      fields.add("\"symmetric\": false");
    }
    if (random.nextInt(4) == 0) {
      fields.add(
          "\"aq\": \"" + one(List.of(format.startsWith("int") ? "int8" : format, "fp8")) + "\"");
    }
    return String.join(", ", fields);
  }

  /** Mostly those that the output holds. */
  private List<String> formats() {
    return switch (output) {
      case "gptq" -> INTEGERS;
      case "gguf" ->
          List.of(
              "int4", "int5", "int8", "mxfp4", "nvfp4", "iq4_nl", "q2_k", "q3_k", "q4_k", "q6_k");
      case "quark" -> List.of("mxfp4", "mxfp6", "mxfp6_e3m2");
      default -> List.of("int2", "int3", "int4", "int5", "int8", "fp8", "mxfp4", "mxfp8", "nvfp4");
    };
  }

  private <T> T one(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
