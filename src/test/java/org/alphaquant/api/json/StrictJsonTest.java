package org.alphaquant.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.Damp;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.problem.Problem;
import org.junit.jupiter.api.Test;

class StrictJsonTest {

  private final StrictJson json = new StrictJson();

  @Test
  void aWholeJobIsReadWithItsDefaults() throws IOException {
    JobSpec spec =
        read(
            """
            {"model": "bench/olmoe", "model_type": null, "gptq": {"routing_weight": "none"},
             "config": {"default": {"wq": "int4"}}, "labels": {"team": "x"}}
            """);
    assertThat(spec.model()).isEqualTo("bench/olmoe");
    assertThat(spec.gptq().routingWeight()).isEqualTo(RoutingWeight.NONE);
    assertThat(spec.gptq().damp()).isEqualTo(Damp.AUTO);
    assertThat(spec.config().at("/default/wq").stringValue()).isEqualTo("int4");
    assertThat(spec.labels()).containsEntry("team", "x");
  }

  @Test
  void anUnknownFieldIsNamedWithTheFieldsThereAre() {
    ProblemException problem = refused("{\"model\": \"m\", \"gptq\": {\"dampp\": 0.1}}");
    assertThat(problem.type()).isEqualTo(ProblemType.INVALID_JOB);
    assertThat(problem.faults())
        .singleElement()
        .satisfies(
            fault -> {
              assertThat(fault.pointer()).isEqualTo("/gptq/dampp");
              assertThat(fault.detail()).isEqualTo("is not a known field");
              assertThat(fault.allowed())
                  .asString()
                  .contains("damp", "block_size", "routing_weight");
            });
  }

  @Test
  void allFaultsAreReportedTogether() {
    ProblemException problem =
        refused(
            """
            {"modell": "m", "gptq": {"routing_weight": "both", "damp": 7},
             "calibration": {"samples": 0}, "labels": []}
            """);
    assertThat(problem.faults())
        .extracting(Problem::pointer)
        .containsExactlyInAnyOrder(
            "/modell",
            "/gptq/routing_weight",
            "/gptq/damp",
            "/calibration/samples",
            "/labels",
            "/model");
    assertThat(problem.getMessage()).startsWith("6 faults; the first: /gptq/routing_weight ");
  }

  @Test
  void anEnumerationsValuesAreListed() {
    Problem fault = onlyFault("{\"model\": \"m\", \"gptq\": {\"routing_weight\": \"both\"}}");
    assertThat(fault.value()).hasToString("both");
    assertThat(fault.detail())
        .isEqualTo("must be a number from 0 to 4, none, score or score_squared");
    Problem recipe = onlyFault("{\"model\": \"m\", \"recipe\": \"both\"}");
    assertThat(recipe.value()).isEqualTo("both");
    assertThat(recipe.allowed())
        .asString()
        .isEqualTo("[rounding, standard, moe, allocate, distill]");
  }

  @Test
  void aLimitIsToldWithTheValue() {
    String body = "{\"model\": \"m\", \"calibration\": {\"samples\": 0}}";
    assertThat(refused(body).getMessage())
        .isEqualTo("/calibration/samples must be from 1 to 65536, but is 0");
  }

  @Test
  void aWrongTypeIsToldInWordsOfJson() {
    assertThat(onlyFault("{\"model\": 5}").detail()).isEqualTo("must be a string");
    assertThat(onlyFault("{\"model\": {\"a\": 1}}").detail()).isEqualTo("must be a string");
    assertThat(refused("{\"model\": \"m\", \"calibration\": {\"samples\": \"12\"}}").getMessage())
        .isEqualTo("/calibration/samples must be a whole number, but is 12");
    assertThat(onlyFault("{\"model\": \"m\", \"calibration\": {\"samples\": 1.5}}").detail())
        .isEqualTo("must be a whole number");
    assertThat(onlyFault("{\"model\": \"m\", \"gptq\": {\"refit\": \"yes\"}}").detail())
        .isEqualTo("must be true or false");
    assertThat(onlyFault("{\"model\": \"m\", \"gptq\": {\"act_order\": \"yes\"}}").detail())
        .isEqualTo("must be true, false or auto");
    assertThat(onlyFault("{\"model\": \"m\", \"gptq\": 1}").detail())
        .isEqualTo("must be an object");
    assertThat(onlyFault("[]").detail()).isEqualTo("must be an object");
  }

  @Test
  void aLabelThatIsTooLongIsFoundByItsPointer() {
    String value = "x".repeat(600);
    Problem fault = onlyFault("{\"model\": \"m\", \"labels\": {\"a/b\": \"" + value + "\"}}");
    assertThat(fault.pointer()).isEqualTo("/labels/a~1b");
    assertThat(fault.value()).asString().hasSize(201);
  }

  @Test
  void brokenJsonIsToldByLineAndColumn() {
    ProblemException problem = refused("{\"model\": \"m\",\n \"gptq\": }");
    assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
    assertThat(problem).hasMessageStartingWith("Line 2, column ");
  }

  @Test
  void noAnswerSpeaksOfClassesOrOfTheParsersSettings() {
    for (String body :
        new String[] {
          "",
          "null",
          "5",
          "\"x\"",
          "[1]",
          "{",
          "{\"model\"",
          "{\"model\": NaN}",
          "{model: 1}",
          "{'a': 1}",
          "{} {}",
          "{\"model\": \"a\", \"model\": \"b\"}",
          "{\"model\": \"\\x\"}",
          "[".repeat(2000),
          "{\"model\": tru}",
          "{\"model\": \"a\nb\"}",
          "{\"model\": 01}",
          "\u00ff{",
          "{\"seed\": 1e999999999}"
        }) {
      ProblemException problem = refused(body);
      assertThat(problem.getMessage())
          .as(body.length() > 50 ? "deep" : body)
          .doesNotContain(
              "alphaquant", "jackson", "java.", "`", "Source", "REDACTED", "Feature", "enable")
          .hasSizeGreaterThan(10);
    }
  }

  @Test
  void aFieldGivenTwiceIsRefused() {
    ProblemException problem = refused("{\"model\": \"a\", \"model\": \"b\"}");
    assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
    assertThat(problem).hasMessageContaining("model");
  }

  private Problem onlyFault(String body) {
    ProblemException problem = refused(body);
    assertThat(problem.faults()).as(problem.getMessage()).hasSize(1);
    return problem.faults().get(0);
  }

  private ProblemException refused(String body) {
    ProblemException problem = catchThrowableOfType(ProblemException.class, () -> read(body));
    assertThat(problem).as(body).isNotNull();
    return problem;
  }

  private JobSpec read(String body) throws IOException {
    return json.read(
        new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)), JobSpec.class);
  }
}
