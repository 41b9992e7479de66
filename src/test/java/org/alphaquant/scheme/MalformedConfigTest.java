package org.alphaquant.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import tools.jackson.databind.json.JsonMapper;

class MalformedConfigTest {

  /** Every error in the configuration: those of its form, or else those on a model. */
  private static List<Problem> errors(String json) {
    try {
      QuantizationConfig config = QuantizationConfig.parse(JsonMapper.shared().readTree(json));
      return ResolutionTest.errors(config.resolve(Models.olmoe(3, 8, 64, 32)));
    } catch (InvalidConfigException invalid) {
      return invalid.findings();
    }
  }

  @ParameterizedTest
  @CsvFileSource(resources = "malformed-configs.csv", delimiter = '\t', quoteCharacter = '`')
  void eachMistakeIsFoundAtItsPlace(String json, String pointer, String code, String detail) {
    assertThat(errors(json))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.pointer()).isEqualTo(pointer == null ? "" : pointer);
              assertThat(finding.code()).isEqualTo(code);
              assertThat(finding.detail()).contains(detail);
            });
  }

  @Test
  void allMistakesAreReportedTogether() {
    String json =
        """
        {"defaults": {}, "default": {"wq": "int9", "group_size": 0},
         "overrides": [{"wq": "int4"}, {"pattern": "[", "skip": 1}]}
        """;
    assertThat(errors(json))
        .extracting(Problem::pointer)
        .containsExactly(
            "/defaults",
            "/default/wq",
            "/default/group_size",
            "/overrides/0/pattern",
            "/overrides/1/pattern",
            "/overrides/1/skip");
  }

  @Test
  void anUnknownFormatComesWithTheListOfFormats() {
    assertThat(errors("{\"default\": {\"wq\": \"int44\"}}"))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.value()).isEqualTo("int44");
              assertThat(finding.allowed()).contains("int2", "int8", "mxfp6", "nvfp4", "bf16");
            });
  }

  @Test
  void ofNamesAsNearTheOneWithTheNearestNumberIsMeant() {
    assertThat(errors("{\"default\": {\"wq\": \"int9\"}}"))
        .singleElement()
        .extracting(Problem::detail)
        .isEqualTo("\"int9\" is not a format for weights; did you mean \"int8\"?");
  }

  @Test
  void aGroupSizeThatDoesNotDivideComesWithThoseThatDo() {
    assertThat(errors("{\"default\": {\"group_size\": 128}}"))
        .extracting(Problem::detail, Problem::allowed)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "group_size 128 does not divide the 64 input features of"
                    + " model.layers.0.self_attn.q_proj (and 59 more modules)",
                List.of("-1", "16", "32", "64")),
            org.assertj.core.groups.Tuple.tuple(
                "group_size 128 does not divide the 32 input features of"
                    + " model.layers.0.mlp.experts.0.down_proj (and 23 more modules)",
                List.of("-1", "16", "32")));
  }

  @Test
  void theExceptionNamesTheFirstMistakeAndTheNumberOfOthers() {
    InvalidConfigException invalid =
        catchThrowableOfType(
            InvalidConfigException.class,
            () ->
                QuantizationConfig.parse(
                    JsonMapper.shared().readTree("{\"default\": {\"wq\": 4, \"aq\": 4}}")));
    assertThat(invalid).hasMessage("/default/wq: wq is 4 but must be a string (and 1 more)");
  }

  @Test
  void hugeValuesAreCutInTheAnswer() {
    assertThat(errors("{\"default\": {\"wq\": \"%s\"}}".formatted("x".repeat(100_000))))
        .singleElement()
        .satisfies(finding -> assertThat(finding.value()).asString().hasSizeLessThan(120));
  }
}
