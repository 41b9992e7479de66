package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class ProgressLineTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @Test
  void showsBarPhaseLayerElapsedAndRemaining() {
    Progress progress =
        progress(
            """
            {"phase": "quantize", "layer": 1, "layers": 4, "fraction": 0.25,
             "estimated_remaining_seconds": 75}
            """);

    String line = ProgressLine.render(progress, Duration.ofSeconds(20), Duration.ofSeconds(5));

    assertThat(line)
        .isEqualTo(
            "[#####...............]  25 %  quantizing, layer 2 of 4               0:20 elapsed, about 1:10 left");
  }

  @Test
  void leavesOutWhatIsNotKnown() {
    Progress progress =
        progress(
            """
            {"phase": "evaluate_before", "layer": null, "layers": null, "fraction": null,
             "estimated_remaining_seconds": null}
            """);

    assertThat(ProgressLine.render(progress, Duration.ofSeconds(3725), Duration.ZERO))
        .isEqualTo("evaluating the original                1:02:05 elapsed");
  }

  @Test
  void countsStepsWhereAPhaseHasNoLayers() {
    Progress progress = progress("{\"phase\": \"distill\", \"layer\": 3, \"layers\": 10}");

    assertThat(ProgressLine.render(progress, Duration.ofSeconds(1), Duration.ZERO))
        .isEqualTo("training, step 4 of 10                 0:01 elapsed");
  }

  @Test
  void neverSaysThatLessThanNothingRemains() {
    Progress progress =
        progress("{\"phase\": \"write\", \"fraction\": 1.0, \"estimated_remaining_seconds\": 2}");

    assertThat(ProgressLine.render(progress, Duration.ofSeconds(9), Duration.ofSeconds(3)))
        .isEqualTo(
            "[####################] 100 %  writing                                0:09 elapsed, nearly done");
  }

  private static Progress progress(String data) {
    return Progress.of(JSON.readTree(data));
  }
}
