package org.alphaquant.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.alphaquant.format.TensorScheme;
import org.junit.jupiter.api.Test;

class ModuleSummaryTest {

  @Test
  void aWholeModelIsAFewLines() {
    List<String> names =
        Modules.olmoe(16, 64, name -> TensorScheme.UNQUANTIZED).stream()
            .map(org.alphaquant.scheme.ModuleScheme::name)
            .toList();
    assertThat(ModuleSummary.of(names))
        .containsExactly(
            "model.layers.0-15.self_attn.{q_proj,k_proj,v_proj,o_proj}",
            "model.layers.0-15.mlp.gate",
            "model.layers.0-15.mlp.experts.0-63.{gate_proj,up_proj,down_proj}",
            "lm_head");
  }

  @Test
  void gapsAreVisible() {
    assertThat(ModuleSummary.of(List.of("a.0.b", "a.2.b", "a.3.b", "a.9.b")))
        .containsExactly("a.0,2-3,9.b");
  }
}
