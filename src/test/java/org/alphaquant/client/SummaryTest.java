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
  void aModelThatWasMeasuredAloneHasNoFigureBefore() {
    JsonNode job = JSON.readTree("{\"result\": {\"perplexity\": {\"after\": 1.903}}}");
    assertThat(Summary.render(job, JSON.createObjectNode(), "folder", "url"))
        .containsPattern("perplexity +1\\.9030\n")
        .doesNotContain("Infinity", "%");
  }

  @Test
  void aLadderIsATableOfItsSizes() {
    JsonNode job =
        JSON.readTree(
            """
            {"result": {"ladder": [
              {"name": "int3", "bits_per_weight": 3.515, "bytes": {"before": 4215040, "after": 1351168},
               "perplexity": {"after": 1.9945}, "divergence": {"mean": {"value": 0.0178, "low": 0.0066, "high": 0.0324},
               "top_one_agreement": {"value": 0.95}}, "seconds": 2.34, "best": true},
              {"name": "int8", "bits_per_weight": 8.515, "bytes": {"before": 4215040, "after": 2498048}, "seconds": 3}]}}
            """);
    assertThat(Summary.render(job, JSON.createObjectNode(), "folder", "url"))
        .startsWith(
            """
            size  bits   bytes    perplexity  KL       95 %                top-1   best  seconds
            int3  3.515  1.35 MB  1.9945      0.01780  0.00660 to 0.03240  95.0 %  *     2.3
            int8  8.515  2.50 MB                                                         3.0
            """);
  }

  @Test
  void aContractIsATableOfWhatWasTriedAndItsProof() {
    JsonNode contract =
        JSON.readTree(
            """
            {"tried": [{"bits_per_weight": 3.5, "bytes": 1351168, "verdict": {"holds": false, "terms":
              [{"name": "max_kl", "limit": 0.02, "value": 0.0202, "low": 0.016, "high": 0.0251}]}}],
             "proof": {"holds": true, "terms": [{"name": "max_kl", "limit": 0.02, "value": 0.003, "low": 0.002, "high": 0.004}]}}
            """);
    assertThat(ContractTable.render(contract))
        .isEqualTo(
            """
            bits   bytes    holds  measured on the text of the search
            3.500  1.35 MB  no     max_kl 0.02000: 0.02020 (0.01600 to 0.02510)
            proof           yes    max_kl 0.02000: 0.003000 (0.002000 to 0.004000)""");
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
