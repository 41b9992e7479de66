package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AdaptiveRunTest {

  private static final String SPEC =
      """
      {"model": "micro/olmoe", "config": {"default": {"wq": "int4", "group_size": 32}},
       "gptq": {"sweeps": 0},
       "adaptive": [{"below_share": 0.1, "wq": "int3", "group_size": 16}, {"above_share": 0.15, "wq": "int8"}],
       "calibration": {"path": "text/short.txt", "samples": 4, "sequence_length": 24}}
      """;

  @TempDir private Path folder;

  @Test
  void expertsGetTheSchemeOfTheRuleThatTheirShareComesUnder() throws IOException {
    TestContext context =
        TestContext.of(JsonMapper.shared().readValue(SPEC, JobSpec.class), folder);
    SourceSettings.Roots roots = new SourceSettings.Roots(List.of(Path.of("src/test/resources")));
    new QuantizationRun(new JobInputs(new SourceSettings(roots, roots))).run(context);
    JsonNode report =
        JsonMapper.shared()
            .readTree(context.artifactDirectory().resolve("quantization_report.json").toFile());
    JsonNode experts = report.at("/adaptation/experts");
    assertThat(experts.valueStream().map(expert -> expert.get("rule").asInt())).contains(0, 1);
    try (Checkpoint written = Checkpoint.open(context.artifactDirectory())) {
      for (JsonNode layer : report.get("experts")) {
        for (JsonNode expert : layer.get("experts")) {
          double share = expert.get("share").asDouble();
          String module =
              "model.layers.%d.mlp.experts.%d.down_proj.weight_scale"
                  .formatted(layer.get("layer").asInt(), expert.get("expert").asInt());
          JsonNode chosen =
              experts
                  .valueStream()
                  .filter(it -> it.get("layer").equals(layer.get("layer")))
                  .filter(it -> it.get("expert").equals(expert.get("expert")))
                  .findFirst()
                  .orElse(null);
          // Layers behind the first are routed by quantized ones when they are reported.
          if (layer.get("layer").asInt() == 0) {
            assertThat(chosen != null).isEqualTo(share < 0.1 || share > 0.15);
          }
          boolean finer = chosen != null && chosen.get("wq").asString().equals("int3");
          long inputs = 32;
          assertThat(written.info(module).shape().get(1)).isEqualTo(finer ? inputs / 16 : 1);
        }
      }
    }
  }
}
