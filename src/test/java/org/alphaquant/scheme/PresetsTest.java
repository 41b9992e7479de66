package org.alphaquant.scheme;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.problem.Severity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PresetsTest {

  @ParameterizedTest
  @CsvSource({
    "olmoe, self_attn.q_proj, mxfp6 g32",
    "olmoe, mlp.experts.3.gate_proj, mxfp4 g32",
    "olmoe, mlp.experts.3.up_proj, mxfp4 g32",
    "olmoe, mlp.experts.3.down_proj, int4 g64",
    "olmoe, mlp.gate, bf16",
    "mixtral, self_attn.k_proj, mxfp6 g32",
    "mixtral, block_sparse_moe.experts.3.w1, mxfp4 g32",
    "mixtral, block_sparse_moe.experts.3.w2, int4 g64",
    "mixtral, block_sparse_moe.gate, bf16",
    "int4-g128, mlp.experts.7.down_proj, int4 g128",
    "mxfp4-experts, self_attn.q_proj, bf16",
    "mxfp4-experts, mlp.experts.7.up_proj, mxfp4 g32",
    "fp8, self_attn.q_proj, fp8 per channel with fp8 inputs",
    "nvfp4, self_attn.q_proj, nvfp4 g16",
    "gguf-q4, self_attn.v_proj, q6_k g16",
    "gguf-q4, mlp.experts.7.up_proj, q4_k g32",
    "gguf-q4, mlp.experts.7.down_proj, q6_k g16",
    "gguf-q3-mixed, self_attn.q_proj, q6_k g16",
    "gguf-q3-mixed, mlp.experts.7.up_proj, q3_k g16",
    "gguf-q3-mixed, mlp.experts.7.down_proj, q4_k g32",
  })
  void presetsMeanWhatTheirTitlesSay(String preset, String module, String label) {
    List<ModuleDescription> modules =
        preset.equals("mixtral") ? Models.mixtral(2, 8, 256, 128) : Models.olmoe(2, 8, 256, 128);
    Resolution resolution =
        ResolutionTest.usable(Presets.named(preset).orElseThrow().configuration().resolve(modules));
    assertThat(ResolutionTest.byName(resolution).get("model.layers.1." + module).label())
        .isEqualTo(label);
    assertThat(resolution.findings()).noneMatch(found -> found.severity() == Severity.WARNING);
  }

  static List<Preset> presets() {
    return Presets.all();
  }

  @ParameterizedTest
  @MethodSource("presets")
  void everyPresetSaysWhatItIs(Preset preset) {
    assertThat(preset.title()).isNotBlank();
    assertThat(preset.description()).isNotBlank();
    assertThat(preset.output().propertyNames()).containsExactly("format", "target_runtime");
  }

  @Test
  void anUnknownPresetIsEmpty() {
    assertThat(Presets.named("../secret")).isEmpty();
  }
}
