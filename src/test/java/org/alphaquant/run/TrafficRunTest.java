package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TrafficRunTest {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final UUID ID = new UUID(7, 7);

  @TempDir Path folder;

  @Test
  void theTextIsWeightedTowardsTheTrafficAndTheReportAndTheCardSayHowFar() throws IOException {
    TestContext context = TestContext.of(spec("", traffic(3)), folder.resolve("1"));
    JobResult fitted = run().run(context);
    JobResult plain = run().run(TestContext.of(spec("", ""), folder.resolve("2")));
    assertThat(hash(fitted)).isNotEqualTo(hash(plain));
    JsonNode traffic = report(context).at("/calibration/traffic");
    assertThat(traffic.get("sha256").asString()).hasSize(64);
    assertThat(traffic.get("effective").asDouble()).isBetween(0.5, 1.0);
    for (JsonNode layer : traffic.get("layers")) {
      assertThat(layer.get("after").asDouble()).isLessThan(layer.get("before").asDouble());
    }
    assertThat(Files.readString(context.artifactDirectory().resolve("README.md")))
        .contains(
            "Fitted to traffic whose counts of experts have the sha256 `"
                + traffic.get("sha256").asString());
    // What every expert weighs of its layer is its share of the traffic.
    JsonNode layer = report(context).at("/experts/0/experts");
    double all = layer.valueStream().mapToDouble(it -> it.get("weight_sum").asDouble()).sum();
    assertThat(
            layer
                .valueStream()
                .mapToDouble(it -> it.get("weight_sum").asDouble() / all)
                .max()
                .orElseThrow())
        .isGreaterThan(0.2);
  }

  @Test
  void anInterruptedRunGoesOnWithTheSameWeightsAndGivesTheSameBytes() throws IOException {
    JobSpec spec = spec("", traffic(3));
    TestContext whole = TestContext.of(spec, folder.resolve("whole"));
    JobResult expected = run().run(whole);
    TestContext first = new TestContext(spec, folder.resolve("1"), List.of(), 1);
    assertThatThrownBy(() -> run().run(first)).isInstanceOf(TestContext.Stopped.class);
    TestContext second =
        new TestContext(spec, folder.resolve("2"), List.of(folder.resolve("1")), Integer.MAX_VALUE);
    assertThat(hash(run().run(second))).isEqualTo(hash(expected));
    assertThat(whole.progress).anyMatch(it -> it.phase().equals("weigh_text"));
    assertThat(second.progress).noneMatch(it -> it.phase().equals("weigh_text"));
  }

  @Test
  void ofAKeptCalibrationTheExpertsCountAsTheTrafficUsesThem() throws IOException {
    TestContext making =
        TestContext.of(spec("\"kind\": \"calibration\",", ""), folder.resolve("kept"));
    run().run(making);
    String job = "\"calibration\": {\"id\": \"%s\"},".formatted(ID);
    JobResult plain = run().run(kept(making, job, "", "1"));
    JobResult fitted = run().run(kept(making, job, traffic(3), "2"));
    assertThat(hash(fitted)).isNotEqualTo(hash(plain));
    JsonNode traffic =
        JSON.readTree(folder.resolve("2/trials/job/artifacts/quantization_report.json").toFile())
            .at("/calibration/traffic");
    assertThat(traffic.get("effective").asDouble()).isEqualTo(1);
  }

  @Test
  void aCalibrationThatWasMadeForTrafficServesNoOther() throws IOException {
    TestContext making =
        TestContext.of(spec("\"kind\": \"calibration\",", traffic(3)), folder.resolve("kept"));
    run().run(making);
    String job = "\"calibration\": {\"id\": \"%s\"},".formatted(ID);
    JobResult same = run().run(kept(making, job, traffic(3), "1"));
    assertThat(hash(run().run(kept(making, job, "", "2")))).isEqualTo(hash(same));
    assertThatThrownBy(() -> run().run(kept(making, job, traffic(5), "3")))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("the calibration was made for traffic with the SHA-256");
  }

  @Test
  void aBudgetAndRulesForExpertsGoByTheTraffic() throws IOException {
    TestContext context =
        TestContext.of(
            spec("\"adaptive\": [{\"above_share\": 0.3, \"wq\": \"int8\"}],", traffic(2)),
            folder.resolve("1"));
    run().run(context);
    assertThat(report(context).at("/adaptation/experts").valueStream())
        .isNotEmpty()
        .allMatch(it -> it.get("expert").asInt() == 2);
    String budget =
        "\"recipe\": \"allocate\", \"budget\": {\"bits_per_weight\": 5, \"tokens\": 128},";
    TestContext plain = TestContext.of(spec(budget, ""), folder.resolve("2"));
    run().run(plain);
    TestContext fitted = TestContext.of(spec(budget, traffic(3)), folder.resolve("3"));
    run().run(fitted);
    assertThat(report(fitted).at("/allocation/units/0/costs"))
        .isNotEqualTo(report(plain).at("/allocation/units/0/costs"));
  }

  @Test
  void countsOfAFileAreReadAndWhatIsWrongWithThemIsSaid() throws IOException {
    Path counts = folder.resolve("counts.json");
    Files.writeString(counts, "[[1, 2], [1, 2], [1, 2]]");
    JobSpec spec = spec("", ", \"traffic\": {\"expert_counts\": \"counts.json\"}");
    assertThatThrownBy(() -> run().run(TestContext.of(spec, folder.resolve("1"))))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("layer 0 has 8 experts and 2 counts");
    Files.writeString(counts, "no counts");
    assertThatThrownBy(() -> run().run(TestContext.of(spec, folder.resolve("2"))))
        .isInstanceOf(RunFailure.class)
        .hasMessageContaining("'counts.json' is not JSON");
  }

  /** One expert of every layer has nearly half of the traffic. */
  private static String traffic(int favourite) {
    StringBuilder layer = new StringBuilder("[");
    for (int e = 0; e < 8; e++) {
      layer.append(e == 0 ? "" : ", ").append(e == favourite ? 6 : 1);
    }
    layer.append("]");
    return ", \"traffic\": {\"expert_counts\": [%s, %s, %s], \"effective\": 0.5}"
        .formatted(layer, layer, layer);
  }

  private TrialContext kept(
      TestContext calibration, String fields, String traffic, String attempt) {
    JobSpec spec = spec(fields, traffic);
    return TrialContext.of(
        TestContext.of(spec, folder.resolve(attempt)),
        spec,
        "job",
        Map.of(
            FetchedSource.ofCalibration(ID),
            new FetchedSource(calibration.artifactDirectory().toString(), "here", null, null)),
        0,
        1);
  }

  private static JobSpec spec(String fields, String traffic) {
    String text =
        fields.contains("calibration\": {")
            ? ""
            : "\"calibration\": {\"path\": \"text/calibration.jsonl\", \"samples\": 8, \"sequence_length\": 32},";
    return JSON.readValue(
        """
        {%s %s "model": "micro/olmoe",
         "config": {"default": {"wq": "int4", "group_size": 16}} %s}
        """
            .formatted(fields, text, traffic),
        JobSpec.class);
  }

  private static JsonNode report(TestContext context) {
    return JSON.readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
  }

  private static String hash(JobResult result) {
    return result.artifacts().stream()
        .filter(it -> it.name().equals("model.safetensors"))
        .findFirst()
        .orElseThrow()
        .sha256();
  }

  private QuantizationRun run() {
    return new QuantizationRun(
        new JobInputs(
            new SourceSettings(
                new Roots(List.of(Path.of("src/test/resources"))),
                new Roots(List.of(Path.of("examples"), folder)))));
  }
}
