package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SummaryTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final JsonNode EXPERTS =
      JSON.readTree(
          """
              {"complete": true, "data": [
                {"layer": 0, "experts": [
                  {"expert": 0, "tokens": 70, "share": 0.7}, {"expert": 1, "tokens": 30, "share": 0.3}]},
                {"layer": 1, "experts": [
                  {"expert": 0, "tokens": 1, "share": 0.01}, {"expert": 1, "tokens": 99, "share": 0.99}]}]}
              """);

  @Test
  void showsFiguresBeforeAndAfterAndTheExtremesOfTheExperts() {
    JsonNode job =
        JSON.readTree(
            """
            {"result": {"perplexity": {"before": 2.0, "after": 2.01}, "bits_per_weight": 4.5,
             "bytes": {"before": 4240000, "after": 1200000}, "artifacts": []}}
            """);

    assertThat(
            Summary.render(job, EXPERTS, "/data/work/1/1/result", "http://localhost:1/v1/jobs/1")
                .stripIndent())
        .isEqualTo(
            """
                                       before      after
              perplexity               2.0000     2.0100   +0.50 %
              size                    4.24 MB    1.20 MB   -71.7 %
              bits per weight                       4.50   of the quantized weights, scales counted in

              most used experts    layer 1 expert 1 (99.0 %), layer 0 expert 0 (70.0 %), layer 0 expert 1 (30.0 %)
              least used experts   layer 1 expert 0 (1.0 %), layer 0 expert 1 (30.0 %), layer 0 expert 0 (70.0 %)

              artifacts            /data/work/1/1/result
              the job              http://localhost:1/v1/jobs/1""");
  }

  @Test
  void leavesOutWhatWasNotMeasured() {
    JsonNode job =
        JSON.readTree("{\"result\": {\"perplexity\": null, \"bytes\": null, \"artifacts\": []}}");

    assertThat(Summary.render(job, JSON.createObjectNode(), "folder", "url"))
        .contains("folder", "url")
        .doesNotContain("perplexity", "size", "bits", "experts");
  }

  @Test
  void writesSizesInDecimalUnits() {
    assertThat(Summary.size(0)).isEqualTo("0 B");
    assertThat(Summary.size(999)).isEqualTo("999 B");
    assertThat(Summary.size(54_000)).isEqualTo("54 kB");
    assertThat(Summary.size(999_600)).isEqualTo("1.00 MB");
    assertThat(Summary.size(13_800_000_000L)).isEqualTo("14 GB");
  }
}
