package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultTensor;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** What a plan or a result lacks is noticed when they are held against each other. */
class ResultCheckTest {

  private static final JsonMapper JSON =
      JsonMapper.shared()
          .rebuild()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build();

  @TempDir private static Path root;
  private static BundledModels models;

  @BeforeAll
  static void copyTheModels() throws IOException {
    models = BundledModels.copyTo(root);
  }

  @Test
  void aTensorOfAPredictionLayerThatThePlanLeavesOutIsMissed() throws IOException {
    try (PreparedJob job = open(spec("olmoe-predicting", "bf16", "[]"))) {
      List<String> unread = job.description().unread();
      assertThat(job.plan().lost()).isEmpty();
      Plan plan = with(job.plan(), without(job.plan(), unread.get(0)));
      assertThat(plan.lost()).containsExactly(unread.get(0));
      assertThatThrownBy(() -> check(job, plan))
          .isInstanceOf(RunFailure.class)
          .hasMessageContaining("1 tensors of the model are in no tensor of the plan, ")
          .hasMessageContaining(unread.get(0));
    }
  }

  @Test
  void aPlannedTensorThatIsNotStoredIsMissed() throws IOException {
    try (PreparedJob job = open(spec("olmoe", "bf16", "[]"))) {
      List<PlannedTensor> more = new ArrayList<>(job.plan().tensors());
      more.add(
          new PlannedTensor(new ResultTensor("more.weight", "BF16", List.of(2L), 4), List.of()));
      assertThatThrownBy(() -> check(job, with(job.plan(), more)))
          .isInstanceOf(RunFailure.class)
          .hasMessageContaining("more.weight")
          .hasMessageContaining("is planned but null is stored");
    }
  }

  @Test
  void expertsOfTwoTypesThatShareATensorAreRefusedBeforeARun() throws IOException {
    WideModel.write(
        root.resolve("models/granitemoe"),
        root.resolve("models/granitemoe-wide"),
        Dtype.F32,
        name -> name.endsWith("output_linear.weight"));
    String first = "[{\"pattern\": \"*.experts.0.*\", \"wq\": \"int8\", \"group_size\": -1}]";
    try (PreparedJob job = open(spec("granitemoe-wide", "bf16", first))) {
      assertThat(job.plan().errors())
          .extracting(Problem::detail)
          .singleElement()
          .asString()
          .contains("in one tensor, but they are BF16 and F32");
    }
    try (PreparedJob job = open(spec("granitemoe", "bf16", first))) {
      assertThat(job.plan().errors()).isEmpty();
    }
  }

  private static JobSpec spec(String model, String format, String overrides) {
    return JSON.readValue(
        """
        {"model": "%s", "config": {"default": {"wq": "%s"}, "overrides": %s},
         "calibration": {"path": "text.txt", "samples": 2, "sequence_length": 16},
         "output": {"format": "dequantized"}}
        """
            .formatted(model, format, overrides),
        JobSpec.class);
  }

  private static PreparedJob open(JobSpec spec) {
    return new JobPreparation(models.inputs()).open(spec);
  }

  private static List<PlannedTensor> without(Plan plan, String tensor) {
    return plan.tensors().stream().filter(it -> !it.name().equals(tensor)).toList();
  }

  private static Plan with(Plan plan, List<PlannedTensor> tensors) {
    return new Plan(
        plan.format(),
        plan.target(),
        plan.source(),
        plan.content(),
        plan.modules(),
        tensors,
        plan.sourceBytes(),
        plan.findings());
  }

  private static void check(PreparedJob job, Plan plan) throws IOException {
    Path folder = root.resolve(job.spec().model() + "-" + System.nanoTime());
    TestContext context = TestContext.of(job.spec(), folder);
    new QuantizationRun(models.inputs()).run(context);
    try (Torch torch = Torch.open("cpu");
        StoredResult result = plan.format().open(context.artifactDirectory())) {
      new ResultCheck(plan, result, new StoredWeights(plan, result), Map.of(), () -> {})
          .check(torch, Map.of(), job.pieces());
    }
  }
}
