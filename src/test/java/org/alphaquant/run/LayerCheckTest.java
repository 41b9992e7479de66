package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.AttemptLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Layers are decoded by several devices as a GPU's run does it, here by two of the host. */
class LayerCheckTest {

  private static final JobSpec SPEC =
      JsonMapper.shared()
          .readValue(
              """
              {"model": "olmoe", "config": {"default": {"wq": "int4", "group_size": 16}},
               "calibration": {"path": "text.txt", "samples": 2, "sequence_length": 16}}
              """,
              JobSpec.class);

  @TempDir private Path folder;

  @Test
  void devicesShareOutWhatTheyDecodeAndNoticeAnotherWeight() throws IOException {
    BundledModels models = BundledModels.copyTo(folder.resolve("models"));
    TestContext context = TestContext.of(SPEC, folder.resolve("run"));
    new QuantizationRun(models.inputs()).run(context);
    LayerFiles layers = new LayerFiles(new AttemptLayout(context.attemptDirectory()).layers());
    List<LinearReport> reports = layers.read(0).linears();
    try (PreparedJob job = new JobPreparation(models.inputs()).open(SPEC);
        Torch one = Torch.open("cpu");
        Torch other = Torch.open("cpu");
        LayerCheck check = new LayerCheck(List.of(one, other), job, layers)) {
      check.check(0, reports);
      assertThat(check.planes().keySet())
          .isEqualTo(reports.stream().map(LinearReport::module).collect(Collectors.toSet()));
      for (int i : new int[] {0, reports.size() - 1}) {
        List<LinearReport> changed = new ArrayList<>(reports);
        changed.set(i, reports.get(i).withChecksum(reports.get(i).checksum() + 1));
        assertThatThrownBy(() -> check.check(0, changed))
            .isInstanceOf(RunFailure.class)
            .hasMessageContaining(reports.get(i).module());
      }
    }
  }

  /** As a GPU's run does it beside the reading of text. */
  @Test
  void solvingAndWhatExpertsComputeIsRehearsed() throws IOException {
    BundledModels models = BundledModels.copyTo(folder.resolve("models"));
    try (PreparedJob job = new JobPreparation(models.inputs()).open(SPEC);
        Torch torch = Torch.open("cpu");
        Rehearsing rehearsing =
            new Rehearsing(job, CompletableFuture.failedFuture(new IllegalStateException()));
        TensorScope scope = torch.scope("test")) {
      List<Rehearsing.Kind> kinds = rehearsing.kinds(0);
      assertThat(kinds).hasSize(2);
      kinds.forEach(kind -> kind.work().accept(scope));
    }
  }
}
