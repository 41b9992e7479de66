package org.alphaquant.scheme.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.problem.Problem;
import org.alphaquant.problem.Severity;
import org.alphaquant.scheme.Models;
import org.alphaquant.scheme.Presets;
import org.alphaquant.scheme.QuantizationConfig;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.storage.serving.TargetRuntime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class PlannerTest {
  /** OLMoE-1B-7B: 16 layers, 64 experts, hidden 2048, width 1024. */
  private static final List<ModuleDescription> OLMOE = Models.olmoe(16, 64, 2048, 1024);

  private static Plan plan(
      List<ModuleDescription> modules, String json, StorageFormat format, TargetRuntime target) {
    return new Planner(Sources.of(modules))
        .plan(
            QuantizationConfig.parse(JsonMapper.shared().readTree(json)).resolve(modules),
            Optional.ofNullable(format),
            target);
  }

  private static List<String> codes(Plan plan, Severity severity) {
    return plan.findings().stream()
        .filter(finding -> finding.severity() == severity)
        .map(Problem::code)
        .toList();
  }

  @Test
  void int4OfOlmoeIsReadableByEverythingAndSmall() {
    for (TargetRuntime target : EnumSet.complementOf(EnumSet.of(TargetRuntime.LLAMA_CPP))) {
      Plan plan = plan(OLMOE, "{}", null, target);
      assertThat(plan.findings()).as(target.jsonName()).isEmpty();
      assertThat(plan.format()).isEqualTo(StorageFormats.COMPRESSED_TENSORS);
      assertThat(plan.bitsPerWeight()).isCloseTo(4.125, within(1e-4));
    }
  }

  /** Readers differ in which of two heads they take, so the result has one answer. */
  @Test
  void aHeadOfItsOwnIsNotCalledTied() {
    PlannedSource own = Sources.of(OLMOE);
    PlannedSource called =
        new PlannedSource(
            own.description(),
            own.folder(),
            own.links(),
            JsonMapper.shared().readTree("{\"tie_word_embeddings\": true}"),
            own.sha256(),
            own.bytes(),
            own.dtype(),
            own.rotated(),
            own.plain());
    Plan plan =
        new Planner(called)
            .plan(
                QuantizationConfig.parse(JsonMapper.shared().readTree("{}")).resolve(OLMOE),
                Optional.empty(),
                TargetRuntime.VLLM);
    assertThat(plan.config().get("tie_word_embeddings").asBoolean()).isFalse();
  }

  @Test
  void bytesAreThoseOfTheTensorsThatAreWritten() {
    Plan plan = plan(OLMOE, "{}", null, TargetRuntime.VLLM);
    long weights = 16L * (4 * 2048 * 2048 + 64 * 3 * 2048 * 1024);
    long shapes = 16L * (4 + 64 * 3) * 2 * Long.BYTES;
    long quantized = weights * 4 / 8 + weights / 128 * 2 + shapes;
    assertThat(plan.outputBytes()).isEqualTo(plan.sourceBytes() - 2 * weights + quantized);
    assertThat(plan.groups().get(0).bytes()).isEqualTo(quantized);
  }

  @Test
  void groupsAreShortAndLargestFirst() {
    Plan plan =
        plan(
            OLMOE,
            "{\"overrides\": [{\"pattern\": \"*.self_attn.*\", \"wq\": \"int8\"}]}",
            null,
            TargetRuntime.VLLM);
    assertThat(plan.groups())
        .extracting(group -> group.scheme().label(), SchemeGroup::modules, SchemeGroup::count)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "int4 g128",
                List.of("model.layers.0-15.mlp.experts.0-63.{gate_proj,up_proj,down_proj}"),
                3072),
            org.assertj.core.groups.Tuple.tuple(
                "int8 g128",
                List.of("model.layers.0-15.self_attn.{q_proj,k_proj,v_proj,o_proj}"),
                64),
            org.assertj.core.groups.Tuple.tuple(
                "bf16",
                List.of("model.embed_tokens", "model.layers.0-15.mlp.gate", "lm_head"),
                18));
  }

  @Test
  void theMixedPresetIsWrittenDequantizedAndSaysWhy() {
    Plan plan =
        new Planner(Sources.of(OLMOE))
            .plan(
                Presets.named("olmoe").orElseThrow().configuration().resolve(OLMOE),
                Optional.empty(),
                TargetRuntime.NONE);
    assertThat(plan.format()).isEqualTo(StorageFormats.PLAIN);
    assertThat(plan.outputBytes()).isEqualTo(plan.sourceBytes());
    assertThat(plan.errors()).isEmpty();
    assertThat(plan.config().has("quantization_config")).isFalse();
    assertThat(codes(plan, Severity.NOTE)).contains("written-dequantized", "block-inside-group");
    assertThat(plan.bitsPerWeight()).isEqualTo(16);
  }

  @Test
  void presetsForVllmServeThere() {
    for (String name : List.of("int4-g128", "mxfp4-experts", "fp8", "nvfp4")) {
      Plan plan =
          new Planner(Sources.of(OLMOE))
              .plan(
                  Presets.named(name).orElseThrow().configuration().resolve(OLMOE),
                  Optional.of(StorageFormats.COMPRESSED_TENSORS),
                  TargetRuntime.VLLM);
      assertThat(plan.errors()).as(name).isEmpty();
      assertThat(codes(plan, Severity.WARNING)).as(name).isEmpty();
    }
  }

  @Test
  void aMixedExpertBlockIsAnErrorForVllmAndFineForNone() {
    String json = "{\"overrides\": [{\"pattern\": \"*.experts.3.*\", \"wq\": \"int8\"}]}";
    assertThat(plan(OLMOE, json, null, TargetRuntime.NONE).findings()).isEmpty();
    assertThat(plan(OLMOE, json, null, TargetRuntime.VLLM).errors())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("mixed-fused-unit");
              assertThat(finding.pointer()).isEqualTo("/overrides/0/wq");
              assertThat(finding.detail())
                  .isEqualTo(
                      "vLLM reads the 192 modules of model.layers.0.mlp.experts by one scheme, but"
                          + " they have int4 g128, int8 g128 (and 15 more such units)");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "vllm | | {'overrides':[{'pattern':'*.q_proj','wq':'int8'}]} | mixed-fused-unit",
        "vllm | | {'overrides':[{'pattern':'*.k_proj','skip':true}]} | mixed-fused-unit",
        "vllm | | {'overrides':[{'pattern':'*.mlp.gate','wq':'int8'}]} | router-quantized",
        "vllm | | {'overrides':[{'pattern':'*embed_tokens','wq':'int8'}]} | embedding-quantized",
        "transformers | | {'overrides':[{'pattern':'*embed_tokens','wq':'int8'}]} | embedding-quantized",
        "vllm | | {'default':{'group_size':256}} | expert-group-size",
        "vllm | | {'default':{'group_size':16}} | expert-group-size",
        "vllm | | {'default':{'wq':'fp8'}} | fp8-weight-only-experts",
        "vllm | | {'default':{'wq':'int8','symmetric':false}} | int8-asymmetric-experts",
        "vllm | | {'default':{'wq':'int3','symmetric':false}} | asymmetric-bits",
        "vllm | | {'default':{'wq':'int3','group_size':-1}} | few-bit-rows",
        "vllm | | {'default':{'wq':'fp8','aq':'fp8','group_size':128}} | fp8-groups",
        "vllm | gptq | {'default':{'wq':'int3'}} | gptq-bits",
        "vllm | gptq | {'overrides':[{'pattern':'*.0.mlp.experts.*','group_size':64}]} | gptq-expert-group-size",
        "sglang | | {'default':{'wq':'int3'}} | packed-bits",
        "sglang | | {'default':{'symmetric':false}} | asymmetric-experts",
        "sglang | | {'default':{'wq':'mxfp6'}} | format-not-read",
        "sglang | | {'overrides':[{'pattern':'*.experts.0.*','wq':'int8'}]} | mixed-fused-unit",
        "transformers | | {'default':{'symmetric':false}} | asymmetric-experts",
        "transformers | | {'default':{'wq':'int8','aq':'int8'}} | int-quantized-experts",
        "transformers | | {'default':{'wq':'mxfp8'}} | mxfp8-experts",
        "transformers | | {'default':{'wq':'nvfp4'}} | nvfp4-experts",
        "transformers | | {'overrides':[{'pattern':'*.0.mlp.experts.*','wq':'int8'}]} | expert-schemes",
        "transformers | | {'overrides':[{'pattern':'*.experts.*','skip':true}]} | expert-schemes",
        "transformers | gptq | {} | gptq-experts",
        "none | gptq | {'default':{'wq':'mxfp4'}} | format-cannot-hold",
        "none | compressed-tensors | {'default':{'wq':'mxfp6'}} | format-cannot-hold",
      })
  void whatAnEngineCannotServeIsAnError(String target, String format, String json, String code) {
    Plan plan =
        plan(
            OLMOE,
            json.replace('\'', '"'),
            format == null ? null : StorageFormats.named(format).orElseThrow(),
            TargetRuntime.named(target).orElseThrow());
    assertThat(plan.errors()).extracting(Problem::code).containsExactly(code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "vllm | | {'default':{'wq':'int3','group_size':64}} | optional-kernels expert-few-bits dense-packing",
        "vllm | | {'default':{'wq':'mxfp6'}} | mxfp6-emulated",
        "vllm | | {'overrides':[{'pattern':'lm_head','wq':'int8'}]} | protected-module head-quantized",
        "vllm | | {'overrides':[{'pattern':'*self_attn*','group_size':256}]} | slow-group-size",
        "vllm | | {'default':{'aq':'fp8'}} | activation-not-exported",
        "vllm | | {'default':{'aq':'int8'}} | few-bit-integer-activations",
        "vllm | gptq | {'default':{'aq':'int8'}} | activation-not-exported",
        "vllm | | {'default':{'wq':'mxfp6'},'overrides':[{'pattern':'*self_attn*','wq':'int8'}]} | written-dequantized",
        "sglang | gptq | {'default':{'wq':'int3'}} | slow-gptq-bits",
        "sglang | | {'overrides':[{'pattern':'*self_attn*','wq':'mxfp4'}]} | mixed-precision",
        "transformers | | {'default':{'wq':'mxfp6'}} | quark-package",
        "none | dequantized | {'default':{'aq':'fp8'}} | activation-not-exported",
      })
  void whatAnEngineServesBadlyIsAWarning(String target, String format, String json, String codes) {
    Plan plan =
        plan(
            OLMOE,
            json.replace('\'', '"'),
            format == null ? null : StorageFormats.named(format).orElseThrow(),
            TargetRuntime.named(target).orElseThrow());
    assertThat(plan.errors()).isEmpty();
    assertThat(codes(plan, Severity.WARNING)).containsExactly(codes.split(" "));
  }

  @Test
  void aHiddenSizeThatVllmsKernelsCannotTakeIsAnError() {
    Plan plan =
        plan(
            Models.olmoe(2, 4, 64, 32),
            "{\"default\": {\"group_size\": 32}}",
            null,
            TargetRuntime.VLLM);
    assertThat(plan.errors()).extracting(Problem::code).containsExactly("expert-width");
  }

  @Test
  void mixtralPlansLikeOlmoe() {
    Plan plan = plan(Models.mixtral(2, 8, 256, 128), "{}", null, TargetRuntime.VLLM);
    assertThat(plan.findings()).isEmpty();
    assertThat(plan.config().at("/quantization_config/config_groups/group_0/targets/0"))
        .hasToString("\"Linear\"");
  }

  @Test
  void sglangGetsItsExpertsByClassName() {
    assertThat(
            plan(OLMOE, "{}", null, TargetRuntime.SGLANG)
                .config()
                .at("/quantization_config/config_groups/group_0/targets"))
        .hasToString("[\"Linear\"]");
  }
}
