package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EvaluationRunTest {

  private static final Path MODEL = Path.of("src/test/resources/models/olmoe-wide");

  @TempDir private Path folder;

  @Test
  void aResultIsReadBackAndMeasuresWhatItsJobMeasured() throws IOException {
    JobResult job = TestRun.of(MODEL, folder.resolve("job"), "\"format\": \"compressed-tensors\"");
    Files.writeString(
        folder.resolve("job/choices.jsonl"),
        """
        {"context": "The quick brown fox", "choices": [" jumps", " 42"], "answer": 0}
        {"question": "Which is a fox?", "choices": ["a stone", "an animal"], "answer": "B"}
        """);
    JobResult evaluation =
        evaluate(
            """
            {"kind": "evaluation", "model": "job/artifacts",
             "evaluation": {"perplexity": {"path": "text.txt", "window": 64},
                            "choices": {"path": "choices.jsonl"}, "reference": "olmoe-wide"}}
            """);
    assertThat(evaluation.perplexity().before()).isCloseTo(job.perplexity().before(), within(1e-4));
    assertThat(evaluation.perplexity().after()).isCloseTo(job.perplexity().after(), within(1e-3));
    assertThat(evaluation.divergence().mean().value())
        .isPositive()
        .isCloseTo(job.divergence().mean().value(), within(1e-4));
    assertThat(evaluation.divergence().changedExperts().value()).isPositive();
    assertThat(evaluation.choices().questions()).isEqualTo(2);
    assertThat(evaluation.choices().before().value()).isIn(0.0, 0.5, 1.0);
    assertThat(evaluation.bitsPerWeight()).isNull();
    assertThat(evaluation.artifacts())
        .extracting(JobResult.Artifact::name)
        .containsExactly("evaluation_report.json");
    JsonNode report =
        JsonMapper.shared()
            .readTree(folder.resolve("evaluation/result/evaluation_report.json").toFile());
    assertThat(report.at("/reference").stringValue()).isEqualTo("olmoe-wide");
    assertThat(report.at("/divergence/routers").size()).isPositive();
    assertThat(report.at("/source/files/0/sha256").stringValue()).hasSize(64);
    assertThat(report.at("/reference_source/id").stringValue()).isEqualTo("olmoe-wide");
    assertThat(report.at("/texts/1/source").stringValue()).isEqualTo("choices.jsonl");
    assertThat(report.at("/seconds/evaluate_after").doubleValue()).isPositive();
  }

  @Test
  void aModelAloneHasNothingBefore() throws IOException {
    Files.createDirectories(folder.resolve("job"));
    Files.writeString(folder.resolve("job/text.txt"), "The quick brown fox jumps. ".repeat(60));
    JobResult evaluation =
        evaluate(
            """
            {"kind": "evaluation", "model": "olmoe-wide",
             "evaluation": {"perplexity": {"path": "text.txt", "window": 64}}}
            """);
    assertThat(evaluation.perplexity().before()).isNull();
    assertThat(evaluation.perplexity().after()).isGreaterThan(1);
    assertThat(evaluation.perplexity().afterInterval().low())
        .isLessThanOrEqualTo(evaluation.perplexity().after());
    assertThat(evaluation.divergence()).isNull();
  }

  @Test
  void aTextOfOtherQuestionsIsRefusedWithItsLine() throws IOException {
    Files.createDirectories(folder.resolve("job"));
    Files.writeString(
        folder.resolve("job/choices.jsonl"),
        "{\"context\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": 7}\n");
    assertThatThrownBy(
            () ->
                evaluate(
                    """
                    {"kind": "evaluation", "model": "olmoe-wide",
                     "evaluation": {"choices": {"path": "choices.jsonl"}}}
                    """))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("line 1")
        .hasMessageContaining("the answer 7; it must be an index from 0 to 1");
  }

  private JobResult evaluate(String json) throws IOException {
    SourceSettings settings =
        new SourceSettings(
            new SourceSettings.Roots(
                List.of(MODEL.getParent(), Path.of("src/test/resources/micro"), folder)),
            new SourceSettings.Roots(List.of(folder.resolve("job"))));
    JobSpec spec = JsonMapper.shared().readValue(json, JobSpec.class);
    return new QuantizationRun(new JobInputs(settings))
        .run(TestContext.of(spec, folder.resolve("evaluation")));
  }
}
