package org.alphaquant.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alphaquant.format.TensorScheme;
import org.junit.jupiter.api.Test;

class NamePatternsTest {
  private static final List<String> NAMES =
      Modules.olmoe(12, 16, name -> TensorScheme.UNQUANTIZED).stream()
          .map(org.alphaquant.scheme.ModuleScheme::name)
          .toList();

  private static List<String> expressions(Predicate<String> chosen) {
    Set<String> members = NAMES.stream().filter(chosen).collect(Collectors.toSet());
    return new NamePatterns(NAMES, "\\..*").matching(members);
  }

  @Test
  void allExpertsOfAllLayersAreOneExpression() {
    assertThat(expressions(name -> name.contains(".experts.")))
        .containsExactly("model\\.layers\\.\\d+\\.mlp\\.experts\\..*");
  }

  @Test
  void projectionsOfOneBlockShareAnExpression() {
    assertThat(expressions(name -> name.contains("self_attn")))
        .containsExactly("model\\.layers\\.\\d+\\.self_attn\\.(?:k_proj|o_proj|q_proj|v_proj)$");
  }

  @Test
  void someLayersAreListedByRange() {
    assertThat(
            expressions(name -> name.matches("model\\.layers\\.([1-9]|10)\\.mlp\\.experts\\..*")))
        .containsExactly("model\\.layers\\.(?:[1-9]|10)\\.mlp\\.experts\\..*");
  }

  @Test
  void someExpertsOfOneProjectionAreListedByNumber() {
    assertThat(expressions(name -> name.matches(".*experts\\.([0-3]|12)\\.down_proj")))
        .containsExactly("model\\.layers\\.\\d+\\.mlp\\.experts\\.(?:[0-3]|12)\\.down_proj$");
  }

  @Test
  void differentExpertsInDifferentLayersAreKeptApart() {
    assertThat(
            expressions(
                name ->
                    name.endsWith("layers.3.mlp.experts.1.up_proj")
                        || name.endsWith("layers.4.mlp.experts.2.up_proj")))
        .containsExactlyInAnyOrder(
            "model\\.layers\\.3\\.mlp\\.experts\\.1\\.up_proj$",
            "model\\.layers\\.4\\.mlp\\.experts\\.2\\.up_proj$");
  }

  @Test
  void theHeadIsMatchedByItsName() {
    assertThat(expressions("lm_head"::equals)).containsExactly("lm_head$");
  }

  @Test
  void anyPartOfTheModelIsMatchedExactly() {
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      double share = random.nextDouble();
      Set<String> members =
          NAMES.stream().filter(name -> random.nextDouble() < share).collect(Collectors.toSet());
      List<Pattern> patterns =
          new NamePatterns(NAMES, "\\..*")
              .matching(members).stream().map(Pattern::compile).toList();
      Set<String> matched =
          NAMES.stream()
              .filter(name -> patterns.stream().anyMatch(p -> p.matcher(name).lookingAt()))
              .collect(Collectors.toSet());
      assertThat(matched).isEqualTo(members);
    }
  }
}
