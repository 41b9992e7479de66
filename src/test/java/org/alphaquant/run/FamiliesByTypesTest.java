package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.llamacpp.Engine;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.alphaquant.storage.gguf.Dequantized;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * Families of random weights, in nine types each, run by llama.cpp; {@code
 * -Dalphaquant.family=NAME,NAME} takes some of them, {@code -Dalphaquant.types=q4_k,q6_k} some
 * types.
 */
@Tag("faults")
class FamiliesByTypesTest {

  private static final int WINDOW = 256;

  // 40 windows and a few more.
  private static final int CHARACTERS = 40_000;
  private static final Optional<Engine> ENGINE = Engine.start();
  private static final Path TOKENIZER = Path.of("src/test/resources/models/olmoe-wide");

  private static final String LATENT =
      "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"n_routed_experts\": 6,"
          + " \"n_shared_experts\": 1, \"num_experts_per_tok\": 2, \"first_k_dense_replace\": 1,"
          + " \"kv_lora_rank\": 256, \"q_lora_rank\": 128, \"qk_nope_head_dim\": 64,"
          + " \"qk_rope_head_dim\": 32, \"v_head_dim\": 64, \"routed_scaling_factor\": 1.5,"
          + " \"num_key_value_heads\": 4, \"scoring_func\": \"sigmoid\", \"topk_method\": \"noaux_tc\"";

  // Few keys, so that the indexer's choice shows, and many heads, so that few scores are exactly 0.
  private static final String INDEXED =
      LATENT
          + ", \"norm_topk_prob\": true, \"index_n_heads\": 32, \"index_head_dim\": 64,"
          + " \"index_topk\": 24";

  /** Beside what all of them have. */
  private static final Map<String, String> FAMILIES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "olmoe",
                  "\"architectures\": [\"OlmoeForCausalLM\"], \"intermediate_size\": 256, \"num_experts\": 6,"
                      + " \"num_experts_per_tok\": 2, \"norm_topk_prob\": false, \"tie_word_embeddings\": true"),
              Map.entry(
                  "qwen3_moe",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 5,"
                      + " \"num_experts_per_tok\": 2, \"norm_topk_prob\": true, \"head_dim\": 32,"
                      + " \"decoder_sparse_step\": 1, \"mlp_only_layers\": [], \"num_key_value_heads\": 4"),
              Map.entry(
                  "mixtral",
                  "\"intermediate_size\": 512, \"num_local_experts\": 4, \"num_experts_per_tok\": 2,"
                      + " \"num_key_value_heads\": 2, \"sliding_window\": null"),
              Map.entry(
                  "qwen2_moe",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 5, \"num_key_value_heads\": 4,"
                      + " \"shared_expert_intermediate_size\": 512, \"num_experts_per_tok\": 3,"
                      + " \"norm_topk_prob\": false, \"decoder_sparse_step\": 1, \"use_sliding_window\": false"),
              Map.entry(
                  "deepseek_v2",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"n_routed_experts\": 6,"
                      + " \"n_shared_experts\": 2, \"num_experts_per_tok\": 2, \"first_k_dense_replace\": 1,"
                      + " \"kv_lora_rank\": 256, \"q_lora_rank\": null, \"qk_nope_head_dim\": 64,"
                      + " \"qk_rope_head_dim\": 32, \"v_head_dim\": 64, \"topk_method\": \"greedy\","
                      + " \"n_group\": null, \"topk_group\": null, \"norm_topk_prob\": false,"
                      + " \"routed_scaling_factor\": 1.5, \"moe_layer_freq\": 1, \"scoring_func\": \"softmax\""),
              Map.entry(
                  "llama",
                  "\"intermediate_size\": 768, \"num_key_value_heads\": 4, \"attention_bias\": true,"
                      + " \"mlp_bias\": false, \"tie_word_embeddings\": true"),
              Map.entry(
                  "qwen3_next",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 5,"
                      + " \"num_experts_per_tok\": 2, \"norm_topk_prob\": true, \"head_dim\": 64,"
                      + " \"num_key_value_heads\": 2, \"shared_expert_intermediate_size\": 256,"
                      + " \"partial_rotary_factor\": 0.25, \"linear_conv_kernel_dim\": 4,"
                      + " \"linear_key_head_dim\": 64, \"linear_num_key_heads\": 2, \"linear_num_value_heads\": 4,"
                      + " \"linear_value_head_dim\": 64, \"layer_types\": [\"linear_attention\", \"full_attention\"]"),
              Map.entry(
                  "qwen3_5_moe_text",
                  "\"moe_intermediate_size\": 256, \"num_experts\": 5, \"num_experts_per_tok\": 2,"
                      + " \"head_dim\": 64, \"num_key_value_heads\": 2, \"shared_expert_intermediate_size\": 256,"
                      + " \"partial_rotary_factor\": 0.25, \"linear_conv_kernel_dim\": 4,"
                      + " \"linear_key_head_dim\": 256, \"linear_num_key_heads\": 2, \"linear_num_value_heads\": 4,"
                      + " \"linear_value_head_dim\": 256, \"layer_types\": [\"linear_attention\", \"full_attention\"]"),
              Map.entry(
                  "granitemoehybrid",
                  "\"intermediate_size\": 256, \"num_local_experts\": 5, \"num_experts_per_tok\": 2,"
                      + " \"shared_intermediate_size\": 256, \"num_key_value_heads\": 2, \"mamba_n_heads\": 8,"
                      + " \"mamba_d_head\": 64, \"mamba_d_state\": 32, \"mamba_n_groups\": 1,"
                      + " \"mamba_d_conv\": 4, \"position_embedding_type\": \"rope\", \"embedding_multiplier\": 3,"
                      + " \"attention_multiplier\": 0.2, \"residual_multiplier\": 0.4, \"logits_scaling\": 0.5,"
                      + " \"layer_types\": [\"mamba\", \"attention\"]"),
              Map.entry(
                  "nemotron_h",
                  "\"num_hidden_layers\": 4, \"layers_block_type\": [\"mamba\", \"moe\", \"attention\", \"moe\"],"
                      + " \"head_dim\": 64, \"num_key_value_heads\": 2, \"mamba_num_heads\": 8,"
                      + " \"mamba_head_dim\": 64, \"n_groups\": 2, \"ssm_state_size\": 32, \"conv_kernel\": 4,"
                      + " \"n_routed_experts\": 6, \"n_shared_experts\": 1, \"moe_intermediate_size\": 256,"
                      + " \"moe_shared_expert_intermediate_size\": 512, \"num_experts_per_tok\": 2,"
                      + " \"norm_topk_prob\": true, \"routed_scaling_factor\": 1.5, \"n_group\": 1, \"topk_group\": 1"),
              Map.entry(
                  "mellum",
                  "\"moe_intermediate_size\": 256, \"num_local_experts\": 6, \"num_experts_per_tok\": 2,"
                      + " \"norm_topk_prob\": true, \"head_dim\": 64, \"num_key_value_heads\": 2,"
                      + " \"sliding_window\": 100, \"layer_types\": [\"full_attention\", \"sliding_attention\"]"),
              Map.entry(
                  "mistral4",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"n_routed_experts\": 6,"
                      + " \"n_shared_experts\": 1, \"num_experts_per_tok\": 2, \"first_k_dense_replace\": 1,"
                      + " \"kv_lora_rank\": 256, \"q_lora_rank\": 256, \"qk_nope_head_dim\": 64,"
                      + " \"qk_rope_head_dim\": 32, \"v_head_dim\": 64, \"routed_scaling_factor\": 1.5,"
                      + " \"num_key_value_heads\": 4, \"norm_topk_prob\": true, \"n_group\": 1, \"topk_group\": 1,"
                      + " \"rope_parameters\": {\"rope_type\": \"yarn\", \"rope_theta\": 10000.0, \"factor\": 4.0,"
                      + " \"original_max_position_embeddings\": 128, \"mscale\": 1.0, \"mscale_all_dim\": 1.0,"
                      + " \"llama_4_scaling_beta\": 0.1}"),
              Map.entry(
                  "gemma4_text",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 6,"
                      + " \"top_k_experts\": 2, \"enable_moe_block\": true, \"hidden_size_per_layer_input\": 0,"
                      + " \"head_dim\": 64, \"global_head_dim\": 128, \"num_key_value_heads\": 2,"
                      + " \"num_global_key_value_heads\": 1, \"attention_k_eq_v\": true, \"sliding_window\": 100,"
                      + " \"final_logit_softcapping\": 30.0, \"tie_word_embeddings\": true,"
                      + " \"layer_types\": [\"sliding_attention\", \"full_attention\"]"),
              Map.entry(
                  "laguna",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 6,"
                      + " \"num_experts_per_tok\": 2, \"shared_expert_intermediate_size\": 256,"
                      + " \"moe_routed_scaling_factor\": 2.5, \"head_dim\": 64, \"num_key_value_heads\": 2,"
                      + " \"num_attention_heads_per_layer\": [4, 8], \"sliding_window\": 100,"
                      + " \"mlp_layer_types\": [\"dense\", \"sparse\"],"
                      + " \"layer_types\": [\"full_attention\", \"sliding_attention\"]"),
              Map.entry(
                  "exaone_moe",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 8,"
                      + " \"num_experts_per_tok\": 2, \"num_shared_experts\": 1, \"first_k_dense_replace\": 1,"
                      + " \"n_group\": 4, \"topk_group\": 2, \"norm_topk_prob\": true,"
                      + " \"routed_scaling_factor\": 2.5, \"head_dim\": 64, \"num_key_value_heads\": 2,"
                      + " \"sliding_window\": 100, \"layer_types\": [\"sliding_attention\", \"full_attention\"]"),
              Map.entry(
                  "mimo_v2_flash",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"n_routed_experts\": 6,"
                      + " \"num_experts_per_tok\": 2, \"norm_topk_prob\": true, \"head_dim\": 96,"
                      + " \"v_head_dim\": 64, \"num_key_value_heads\": 1, \"swa_num_key_value_heads\": 2,"
                      + " \"partial_rotary_factor\": 0.334, \"attention_value_scale\": 0.707,"
                      + " \"swa_rope_theta\": 5000.0, \"n_group\": 1, \"topk_group\": 1,"
                      + " \"sliding_window\": 100, \"hybrid_layer_pattern\": [1, 0], \"moe_layer_freq\": [0, 1]"),
              Map.entry(
                  "hy_v3",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 6,"
                      + " \"num_experts_per_tok\": 2, \"num_shared_experts\": 1, \"head_dim\": 64,"
                      + " \"num_key_value_heads\": 2, \"router_scaling_factor\": 2.5,"
                      + " \"mlp_layer_types\": [\"dense\", \"sparse\"]"),
              Map.entry(
                  "olmo3",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"tie_word_embeddings\": true,"
                      + " \"sliding_window\": 100, \"layer_types\": [\"sliding_attention\", \"full_attention\"]"),
              Map.entry("deepseek_v32", INDEXED + ", \"n_group\": 2, \"topk_group\": 1"),
              Map.entry("glm_moe_dsa", INDEXED + ", \"n_group\": 1, \"topk_group\": 1"),
              Map.entry(
                  "kimi_linear",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"num_experts\": 6,"
                      + " \"num_experts_per_token\": 2, \"num_shared_experts\": 1, \"first_k_dense_replace\": 1,"
                      + " \"kv_lora_rank\": 256, \"q_lora_rank\": null, \"qk_nope_head_dim\": 64,"
                      + " \"qk_rope_head_dim\": 32, \"v_head_dim\": 64, \"routed_scaling_factor\": 1.5,"
                      + " \"linear_attn_config\": {\"num_heads\": 4, \"head_dim\": 64, \"short_conv_kernel_size\": 4,"
                      + " \"kda_layers\": [1], \"full_attn_layers\": [2]}")));

  /** Exports that no published fixture has tried. */
  private static final Map<String, String> OTHERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "afmoe",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 128, \"num_experts\": 6,"
                      + " \"num_experts_per_tok\": 2, \"num_shared_experts\": 1, \"num_dense_layers\": 1,"
                      + " \"num_key_value_heads\": 2, \"head_dim\": 64, \"route_scale\": 1.5, \"mup_enabled\": true,"
                      + " \"sliding_window\": 100, \"num_hidden_layers\": 4, \"layer_types\": ["
                      + "\"sliding_attention\", \"sliding_attention\", \"sliding_attention\", \"full_attention\"]"),
              Map.entry(
                  "cohere2",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"head_dim\": 64, \"logit_scale\": 0.25,"
                      + " \"layer_norm_eps\": 1e-6, \"sliding_window\": 100, \"tie_word_embeddings\": true,"
                      + " \"num_hidden_layers\": 4, \"layer_types\": ["
                      + "\"sliding_attention\", \"sliding_attention\", \"sliding_attention\", \"full_attention\"]"),
              Map.entry(
                  "qwen3_vl_text",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"head_dim\": 64,"
                      + " \"num_hidden_layers\": 2"),
              Map.entry(
                  "mimo",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"attention_bias\": true,"
                      + " \"num_nextn_predict_layers\": 0"),
              Map.entry(
                  "kimi_k2",
                  LATENT + ", \"n_group\": 1, \"topk_group\": 1, \"norm_topk_prob\": true"),
              Map.entry(
                  "glm4_moe_lite",
                  LATENT + ", \"n_group\": 1, \"topk_group\": 1, \"norm_topk_prob\": true"),
              Map.entry(
                  "dots1",
                  "\"intermediate_size\": 512, \"moe_intermediate_size\": 256, \"n_routed_experts\": 6,"
                      + " \"n_shared_experts\": 2, \"num_experts_per_tok\": 2, \"first_k_dense_replace\": 1,"
                      + " \"num_key_value_heads\": 4, \"norm_topk_prob\": true, \"routed_scaling_factor\": 2.5,"
                      + " \"n_group\": 1, \"topk_group\": 1, \"scoring_func\": \"sigmoid\","
                      + " \"layer_types\": [\"full_attention\", \"full_attention\"]"),
              Map.entry(
                  "ministral",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"head_dim\": 64,"
                      + " \"layer_types\": [\"full_attention\", \"full_attention\"]"),
              Map.entry(
                  "llama4_text",
                  "\"intermediate_size\": 256, \"intermediate_size_mlp\": 512, \"num_local_experts\": 4,"
                      + " \"num_experts_per_tok\": 1, \"interleave_moe_layer_step\": 2, \"head_dim\": 64,"
                      + " \"num_key_value_heads\": 2, \"attention_chunk_size\": 8192, \"num_hidden_layers\": 4,"
                      + " \"no_rope_layers\": [1, 1, 1, 0]"),
              Map.entry(
                  "exaone4",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"sliding_window\": null,"
                      + " \"layer_types\": [\"full_attention\", \"full_attention\"]"),
              Map.entry(
                  "smollm3",
                  "\"intermediate_size\": 512, \"num_key_value_heads\": 2, \"no_rope_layers\": [1, 1],"
                      + " \"use_sliding_window\": false, \"tie_word_embeddings\": true")));

  private static final List<String> TYPES =
      List.of(
          "\"wq\": \"int8\", \"group_size\": 32",
          "\"wq\": \"int4\", \"group_size\": 32",
          "\"wq\": \"int5\", \"group_size\": 32, \"symmetric\": false",
          "\"wq\": \"iq4_nl\"",
          "\"wq\": \"mxfp4\"",
          "\"wq\": \"nvfp4\"",
          "\"wq\": \"q4_k\"",
          "\"wq\": \"q3_k\"",
          "\"wq\": \"q6_k\"");

  @TempDir Path folder;

  // The perplexity that the job gives.
  private double measured;

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  static List<Arguments> all() {
    String[] types = System.getProperty("alphaquant.types", "\"").split(",");
    List<Arguments> all = new ArrayList<>();
    for (String family : FAMILIES.keySet()) {
      if (isAsked(family)) {
        TYPES.stream()
            .filter(type -> Arrays.stream(types).anyMatch(type::contains))
            .forEach(type -> all.add(Arguments.of(family, type)));
      }
    }
    return all;
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("all")
  void theEngineMeasuresWhatTheJobMeasured(String family, String type) throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    Path file = run(family, FAMILIES.get(family), type);
    Path weights = Dequantized.write(file, folder, ENGINE.get());
    double exact = difference(weights);
    double rounding = difference(file);
    System.out.printf(
        "%s, %s: llama.cpp %+.1e, of the same weights in float32 %+.1e%n",
        family, type, rounding, exact);
    assertThat(exact).isBetween(-held(family), held(family));
    // Where experts are chosen the engine's rounding of activations turns near ties of random
    // routers, each of which changes a token's whole loss.
    double limit = family.equals("llama") ? 1e-3 : 1e-2;
    assertThat(rounding).isBetween(-limit, limit);
  }

  private static double held(String family) {
    // The engine looks Gemma's activation up in half precision.
    if (family.startsWith("gemma")) {
      return 5e-4;
    }
    // Of two keys that an indexer scores alike the rounding chooses.
    return FAMILIES.get(family).startsWith(INDEXED) ? 1e-4 : 1e-5;
  }

  static List<String> others() {
    return OTHERS.keySet().stream().filter(FamiliesByTypesTest::isAsked).toList();
  }

  private static boolean isAsked(String family) {
    String only = System.getProperty("alphaquant.family");
    return only == null || Arrays.asList(only.split(",")).contains(family);
  }

  /** In float32 nothing is rounded on the way. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("others")
  void theEngineComputesWhatTheModelDoes(String family) throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    double difference = difference(run(family, OTHERS.get(family), "\"wq\": \"bf16\""));
    System.out.printf("%s, float32: llama.cpp %+.1e%n", family, difference);
    assertThat(difference).isBetween(-1e-6, 1e-6);
  }

  // Of llama.cpp's perplexity from the job's, relative.
  private double difference(Path file) throws IOException {
    assertThat(ENGINE.get().load(file)).isEmpty();
    long[][] windows = windows(Files.readString(folder.resolve("eval.txt")));
    assertThat(windows.length).isGreaterThanOrEqualTo(40);
    return ENGINE.get().perplexity(windows) / measured - 1;
  }

  private Path run(String family, String settings, String type) throws IOException {
    MadeCheckpoint.write(folder.resolve("model"), config(family, settings));
    Files.copy(TOKENIZER.resolve("tokenizer.json"), folder.resolve("model/tokenizer.json"));
    String text = Files.readString(Path.of("examples/text/eval.txt")).substring(0, CHARACTERS);
    Files.writeString(folder.resolve("eval.txt"), text);
    TestContext context = TestContext.of(spec(type), folder.resolve("job"));
    measured = run(context).perplexity().after();
    return context.artifactDirectory().resolve("model.gguf");
  }

  // More rows of the embedding than the tokenizer has tokens, as published models have.
  private static String config(String family, String settings) {
    return """
        {"model_type": "%s", "hidden_size": 256, %s "num_attention_heads": 4,
         "vocab_size": 1216, "max_position_embeddings": 512, "rms_norm_eps": 1e-6,
         "rope_theta": 10000.0, "hidden_act": "silu", %s}
        """
        .formatted(
            family,
            settings.contains("num_hidden_layers") ? "" : "\"num_hidden_layers\": 2,",
            settings);
  }

  private JobResult run(TestContext context) throws IOException {
    SourceSettings settings =
        new SourceSettings(
            new Roots(List.of(folder)), new Roots(List.of(folder, Path.of("examples"))));
    return new QuantizationRun(new JobInputs(settings)).run(context);
  }

  private static JobSpec spec(String type) {
    return JsonMapper.shared()
        .readValue(
            """
            {"model": "model", "config": {"default": {%s}}, "gptq": {"sweeps": 0},
             "calibration": {"path": "text/calibration.jsonl", "samples": 4, "sequence_length": 128},
             "evaluation": {"perplexity": {"path": "eval.txt", "window": 256},
                            "divergence": {"windows": 0}},
             "output": {"format": "gguf"}}
            """
                .formatted(type),
            JobSpec.class);
  }

  private static long[][] windows(String text) {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZER)) {
      long[] ids = tokenizer.encodeWithoutSpecialTokens(text);
      long[][] windows = new long[ids.length / WINDOW][];
      for (int i = 0; i < windows.length; i++) {
        windows[i] = Arrays.copyOfRange(ids, i * WINDOW, (i + 1) * WINDOW);
      }
      return windows;
    }
  }
}
