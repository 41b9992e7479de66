package org.alphaquant.scheme.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.scheme.QuantizationConfig;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.storage.serving.TargetRuntime;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Modules that transformers knows by another name than the checkpoint. */
class RenamedModulesTest {

  private static JsonNode config(String family, String json, String... names) {
    List<ModuleDescription> modules =
        List.of(names).stream()
            .map(
                name ->
                    new ModuleDescription(
                        name,
                        64,
                        64,
                        name.endsWith("gate") ? ModuleKind.ROUTER : ModuleKind.SHARED_EXPERT,
                        0,
                        -1))
            .toList();
    return new Planner(Sources.of(family, modules))
        .plan(
            QuantizationConfig.parse(JsonMapper.shared().readTree(json)).resolve(modules),
            Optional.of(StorageFormats.COMPRESSED_TENSORS),
            TargetRuntime.NONE)
        .config()
        .get("quantization_config");
  }

  @Test
  void aRouterIsLeftOutByBothNames() {
    String router = "model.layers.0.block_sparse_moe.gate";
    String linear = "model.layers.0.self_attn.q_proj";
    JsonNode config = config("phimoe", "{\"default\": {\"group_size\": 32}}", router, linear);
    assertThat(config.get("ignore").toString())
        .contains("block_sparse_moe\\\\.gate$", "mlp\\\\.router$");
    assertThat(config("mixtral", "{\"default\": {\"group_size\": 32}}", router, linear).toString())
        .doesNotContain("router");
  }

  @Test
  void aSchemeOfItsOwnIsTargetedByBothNames() {
    String mixed =
        """
        {"default": {"group_size": 32}, "overrides": [{"pattern": "*shared*", "wq": "int8"}]}""";
    JsonNode config =
        config(
            "laguna",
            mixed,
            "model.layers.0.mlp.shared_expert.up_proj",
            "model.layers.0.self_attn.q_proj");
    assertThat(config.get("config_groups").toString())
        .contains("shared_expert\\\\.up_proj", "shared_experts\\\\.up_proj");
  }
}
