package org.alphaquant.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import org.alphaquant.problem.Severity;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.request.ClientPresence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

class ResolutionTest {
  private static final List<ModuleDescription> OLMOE = Models.olmoe(3, 8, 256, 128);
  private static final TensorScheme INT4_G128 = TensorScheme.of(NumberFormat.INT4, 128);

  private static QuantizationConfig config(String json) {
    return QuantizationConfig.parse(JsonMapper.shared().readTree(json));
  }

  /** A resolution without errors. */
  static Resolution usable(Resolution resolution) {
    assertThat(errors(resolution)).isEmpty();
    return resolution;
  }

  static List<Problem> errors(Resolution resolution) {
    return resolution.findings().stream().filter(Problem::isError).toList();
  }

  private static List<ModuleScheme> quantized(Resolution resolution) {
    return resolution.modules().stream().filter(ModuleScheme::isQuantized).toList();
  }

  static Map<String, TensorScheme> byName(Resolution resolution) {
    return resolution.modules().stream()
        .collect(Collectors.toMap(ModuleScheme::name, ModuleScheme::scheme));
  }

  private static Map<String, TensorScheme> schemes(String json, List<ModuleDescription> modules) {
    return byName(usable(config(json).resolve(modules)));
  }

  private static Map<String, TensorScheme> schemes(String json) {
    return schemes(json, OLMOE);
  }

  @Test
  void anAbsentConfigurationIsInt4InGroupsOf128() {
    Resolution resolution = usable(QuantizationConfig.parse(null).resolve(OLMOE));
    assertThat(resolution.findings()).isEmpty();
    assertThat(quantized(resolution)).hasSize(3 * (4 + 24));
    assertThat(quantized(resolution)).allMatch(module -> module.scheme().equals(INT4_G128));
  }

  @Test
  @Timeout(60)
  void aConfigurationIsAppliedNoLongerThanItsClientWaits() {
    QuantizationConfig config = config("{\"overrides\": [{\"pattern\": \"*.down_proj\"}]}");
    assertThatExceptionOfType(ClientGoneException.class)
        .isThrownBy(() -> ClientPresence.<RuntimeException>during(() -> true, () -> again(config)));
  }

  private static void again(QuantizationConfig config) {
    for (Resolution last = null; last == null || !last.modules().isEmpty(); ) {
      last = config.resolve(OLMOE);
    }
  }

  @Test
  void anOpenGroupSizeFitsTheRowsAndAllExpertsGetTheSame() {
    Resolution resolution =
        usable(QuantizationConfig.parse(null).resolve(Models.olmoe(1, 8, 256, 64)));

    assertThat(byName(resolution).get("model.layers.0.self_attn.q_proj")).isEqualTo(INT4_G128);
    assertThat(quantized(resolution))
        .filteredOn(ModuleScheme::isExpert)
        .hasSize(24)
        .allMatch(module -> module.scheme().groupSize() == 64);
    assertThat(resolution.findings())
        .containsExactly(
            Problem.note(
                "group-size-fitted",
                "/default/group_size",
                "64",
                "group_size is not set and its default 128 does not divide the rows of"
                    + " model.layers.0.mlp.experts.0.gate_proj, so that it gets groups of 64"
                    + " (and 23 more modules)"));
  }

  @ParameterizedTest
  @CsvSource({"64, 64", "96, 32", "48, 16", "2880, 64", "1408, 128", "10944, 64", "1000, -1"})
  void anOpenGroupSizeIsTheLargestThatDivides(int rows, int groupSize) {
    Map<String, TensorScheme> schemes =
        schemes("{\"default\": {\"wq\": \"int8\"}}", Models.olmoe(1, 8, rows, rows));

    assertThat(schemes.get("model.layers.0.mlp.experts.0.up_proj").groupSize())
        .isEqualTo(groupSize);
    assertThat(schemes.get("model.layers.0.self_attn.q_proj").groupSize()).isEqualTo(groupSize);
  }

  @Test
  void routersNormsEmbeddingsAndHeadAreLeftAloneUnderPatternsThatOnlyHappenToMatchThem() {
    Map<String, TensorScheme> schemes =
        schemes("{\"overrides\": [{\"pattern\": \"*\", \"wq\": \"int8\"}]}");
    assertThat(schemes.get("model.layers.0.self_attn.q_proj").format())
        .isEqualTo(NumberFormat.INT8);
    assertThat(
            List.of(
                "model.layers.0.mlp.gate",
                "lm_head",
                "model.embed_tokens",
                "model.layers.1.self_attn.q_norm"))
        .allMatch(name -> schemes.get(name).isUnquantized());
  }

  @Test
  void aRouterThatAnOverrideNamesIsQuantizedWithAWarning() {
    Resolution resolution =
        usable(
            config("{\"overrides\": [{\"pattern\": \"*.mlp.gate\", \"wq\": \"int8\"}]}")
                .resolve(OLMOE));
    assertThat(byName(resolution).get("model.layers.2.mlp.gate"))
        .isEqualTo(TensorScheme.of(NumberFormat.INT8, 128));
    assertThat(resolution.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("protected-module");
              assertThat(finding.pointer()).isEqualTo("/overrides/0/wq");
              assertThat(finding.detail()).contains("model.layers.0.mlp.gate", "2 more modules");
            });
  }

  @Test
  void namingARouterWithoutAFormatChangesNothing() {
    assertThat(
            schemes("{\"overrides\": [{\"pattern\": \"*.mlp.gate\", \"group_size\": 64}]}")
                .get("model.layers.2.mlp.gate"))
        .isEqualTo(TensorScheme.UNQUANTIZED);
  }

  @Test
  void laterOverridesWinFieldByField() {
    String json =
        """
        {"default": {"wq": "int4", "aq": "fp8", "group_size": 64, "symmetric": false},
         "overrides": [
           {"pattern": "*.experts.*", "wq": "int3", "group_size": 32},
           {"pattern": "*.down_proj", "wq": "int8"},
           {"pattern": "*.experts.0.*", "aq": "bf16", "symmetric": true}]}
        """;
    Resolution resolution = usable(config(json).resolve(OLMOE));
    Map<String, TensorScheme> schemes = byName(resolution);
    assertThat(schemes.get("model.layers.0.mlp.experts.0.down_proj"))
        .isEqualTo(new TensorScheme(NumberFormat.INT8, 32, true, NumberFormat.BF16));
    assertThat(schemes.get("model.layers.0.mlp.experts.1.up_proj"))
        .isEqualTo(new TensorScheme(NumberFormat.INT3, 32, false, NumberFormat.FP8_E4M3));
    assertThat(schemes.get("model.layers.0.self_attn.q_proj"))
        .isEqualTo(new TensorScheme(NumberFormat.INT4, 64, false, NumberFormat.FP8_E4M3));
    assertThat(resolution.modules())
        .filteredOn(module -> module.name().equals("model.layers.0.mlp.experts.0.down_proj"))
        .extracting(ModuleScheme::origin)
        .containsExactly(new Origin(1, 2, 0, 2, Origin.BUILT_IN));
  }

  @Test
  void aLaterOverrideCanTakeASkipBack() {
    String json =
        """
        {"overrides": [{"pattern": "*.experts.*", "skip": true},
                       {"pattern": "*.experts.[!0].*", "skip": false}]}
        """;
    Map<String, TensorScheme> schemes = schemes(json);
    assertThat(schemes.get("model.layers.0.mlp.experts.0.up_proj").isUnquantized()).isTrue();
    assertThat(schemes.get("model.layers.0.mlp.experts.5.up_proj")).isEqualTo(INT4_G128);
  }

  @Test
  void aFormatWithoutZeroPointsIgnoresAnInheritedAsymmetry() {
    String json =
        """
        {"default": {"symmetric": false}, "overrides": [{"pattern": "*.o_proj", "wq": "mxfp8"}]}
        """;
    Map<String, TensorScheme> schemes = schemes(json);
    assertThat(schemes.get("model.layers.0.self_attn.o_proj"))
        .isEqualTo(TensorScheme.of(NumberFormat.MXFP8, 32));
    assertThat(schemes.get("model.layers.0.self_attn.q_proj").symmetric()).isFalse();
  }

  @Test
  void fp8WithoutAGroupSizeIsPerChannel() {
    assertThat(schemes("{\"default\": {\"wq\": \"fp8\"}}").get("model.layers.0.self_attn.q_proj"))
        .isEqualTo(TensorScheme.of(NumberFormat.FP8_E4M3, TensorScheme.PER_CHANNEL));
  }

  @Test
  void anMxBlockInsideALargerGroupIsSaidAndNotAnError() {
    Resolution resolution =
        usable(config("{\"default\": {\"wq\": \"mxfp6\", \"group_size\": 64}}").resolve(OLMOE));
    assertThat(resolution.findings())
        .containsExactly(
            Problem.note(
                "block-inside-group",
                "/default/group_size",
                "64",
                "mxfp6 keeps its own scale for every 32 weights inside each group of 64"));
    assertThat(quantized(resolution).get(0).scheme().groupSize()).isEqualTo(32);
  }

  @Test
  void aPatternThatMatchesNothingIsAWarningWithTheNearestNames() {
    Resolution resolution =
        usable(
            config("{\"overrides\": [{\"pattern\": \"*.self_atn.q_proj\", \"skip\": true}]}")
                .resolve(OLMOE));
    assertThat(resolution.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.severity()).isEqualTo(Severity.WARNING);
              assertThat(finding.pointer()).isEqualTo("/overrides/0/pattern");
              assertThat(finding.allowed())
                  .startsWith("model.layers.0.self_attn.q_proj")
                  .hasSize(3);
            });
  }

  @Test
  @Timeout(60)
  void asManyAndAsLongPatternsAsThereMayBeAreResolvedInNoTime() {
    // Ten minutes of work where each class is searched for each character.
    String pattern = "{\"pattern\": \"*[%s]Z%%d*\", \"skip\": true}".formatted("0".repeat(470));
    String overrides =
        IntStream.range(0, 1000).mapToObj(pattern::formatted).collect(Collectors.joining(","));
    Resolution resolution =
        config("{\"overrides\": [" + overrides + "]}").resolve(Models.olmoe(16, 64, 2048, 1024));
    assertThat(resolution.findings()).hasSize(1000);
    assertThat(resolution.findings().get(19).allowed()).hasSize(3);
    assertThat(resolution.findings().get(20).allowed()).isEmpty();
  }

  @Test
  void anOverrideWithoutFieldsIsAWarning() {
    assertThat(config("{\"overrides\": [{\"pattern\": \"*\"}]}").resolve(OLMOE).findings())
        .extracting(Problem::code)
        .containsExactly("empty-override");
  }

  @Test
  void blocksThatDoNotFillARowAreAnError() {
    List<ModuleDescription> narrow =
        List.of(new ModuleDescription("a.b", 16, 48, ModuleKind.ATTENTION, 0, -1));
    assertThat(errors(config("{\"default\": {\"wq\": \"mxfp4\"}}").resolve(narrow)))
        .extracting(Problem::pointer, Problem::detail)
        .containsExactly(
            tuple("/default/wq", "mxfp4's block 32 does not divide the 48 input features of a.b"));
  }

  @ParameterizedTest
  @MethodSource("missionPatterns")
  void thePatternsOfTheMissionRunAsTheyStand(
      String override, List<ModuleDescription> modules, String name, String label) {
    Resolution resolution =
        usable(config("{\"overrides\": [%s]}".formatted(override)).resolve(modules));
    assertThat(resolution.findings()).noneMatch(finding -> finding.severity() == Severity.WARNING);
    assertThat(byName(resolution).get(name).label()).isEqualTo(label);
  }

  static List<Object[]> missionPatterns() {
    List<ModuleDescription> mixtral = Models.mixtral(2, 8, 256, 128);
    List<ModuleDescription> qwen = Models.qwen2Moe(2, 8, 256, 128);
    String layer = "model.layers.1.";
    return List.of(
        new Object[] {
          "{\"pattern\":\"model.layers.*.self_attn.*\",\"wq\":\"mxfp6\",\"group_size\":64}",
          OLMOE,
          layer + "self_attn.o_proj",
          "mxfp6 g32"
        },
        new Object[] {
          "{\"pattern\":\"model.layers.*.mlp.experts.*.gate_proj\",\"wq\":\"mxfp4\",\"group_size\":32}",
          OLMOE,
          layer + "mlp.experts.5.gate_proj",
          "mxfp4 g32"
        },
        new Object[] {
          "{\"pattern\":\"model.layers.*.mlp.experts.*.down_proj\",\"wq\":\"int4\",\"group_size\":64}",
          OLMOE,
          layer + "mlp.experts.5.down_proj",
          "int4 g64"
        },
        new Object[] {
          "{\"pattern\":\"model.layers.*.mlp.shared_expert.*\",\"wq\":\"mxfp6\",\"group_size\":64}",
          qwen,
          layer + "mlp.shared_expert.up_proj",
          "mxfp6 g32"
        },
        new Object[] {
          "{\"pattern\":\"*.mlp.*gate\",\"skip\":true}",
          qwen,
          layer + "mlp.shared_expert_gate",
          "bf16"
        },
        new Object[] {
          "{\"pattern\":\"*.mlp.experts.0.*\",\"wq\":\"mxfp6\"}",
          OLMOE,
          layer + "mlp.experts.0.up_proj",
          "mxfp6 g32"
        },
        new Object[] {
          "{\"pattern\":\"*.mlp.experts.[1-7].*\",\"wq\":\"mxfp4\"}",
          OLMOE,
          layer + "mlp.experts.7.up_proj",
          "mxfp4 g32"
        },
        new Object[] {
          "{\"pattern\":\"model.layers.*.block_sparse_moe.experts.*.w1\",\"wq\":\"mxfp4\",\"group_size\":32}",
          mixtral,
          layer + "block_sparse_moe.experts.3.w1",
          "mxfp4 g32"
        },
        new Object[] {
          "{\"pattern\":\"*.block_sparse_moe.gate\",\"skip\":true}",
          mixtral,
          layer + "block_sparse_moe.gate",
          "bf16"
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "re:.*self_attn.* ; *self_attn*",
        "re:.*\\.mlp\\.gate$ ; *.mlp.gate",
        "^model\\.layers\\.\\d+\\.self_attn ; model.layers.*.self_attn*",
        ".*experts.* ; *experts*",
        "model.layers.[0-9]+.mlp.* ; model.layers.*.mlp*",
        "lm_head$ ; lm_head",
        "-:.*mlp.shared_expert ; *mlp.shared_expert*",
        "model.layers.(0|1).self_attn ; model.layers.*.self_attn*"
      })
  void aRegularExpressionIsRefusedWithTheGlobThatItMayMean(String pattern, String glob) {
    String json =
        JsonMapper.shared()
            .writeValueAsString(
                Map.of("overrides", List.of(Map.of("pattern", pattern, "skip", true))));
    assertThat(errors(config(json).resolve(OLMOE)))
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.code()).isEqualTo("regular-expression");
              assertThat(error.pointer()).isEqualTo("/overrides/0/pattern");
              assertThat(error.detail()).contains("patterns are globs").endsWith("perhaps " + glob);
            });
  }

  /** Globs that have something of an expression and match, and ordinary ones that match nothing. */
  @ParameterizedTest
  @CsvSource({
    "*.*, 0",
    "model.*, 0",
    "*.shared_expert.*, 1",
    "*.moe.*gate, 1",
    "*self_attention*, 1"
  })
  void whatMatchesIsNeverTakenForAnExpressionAndOtherMissesAreWarnings(
      String pattern, int warnings) {
    Resolution resolution =
        config("{\"overrides\": [{\"pattern\": \"%s\", \"wq\": \"int8\"}]}".formatted(pattern))
            .resolve(OLMOE);
    assertThat(errors(resolution)).isEmpty();
    assertThat(resolution.findings())
        .filteredOn(finding -> finding.code().equals("matches-nothing"))
        .hasSize(warnings);
    assertThat(errors(resolution.strict())).hasSize(warnings);
  }
}
