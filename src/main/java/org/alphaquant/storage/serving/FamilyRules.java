package org.alphaquant.storage.serving;

import static org.alphaquant.storage.serving.ModuleRule.error;
import static org.alphaquant.storage.serving.ModuleRule.warning;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;

/**
 * What engines do with modules of single families: orders of rows that they change while loading,
 * weights that they take apart, and names of their own.
 */
public final class FamilyRules {

  private static final String ROTARY_ORDER = "rotary-order";
  private static final Set<String> LLAMA4 = Set.of("llama4_text");
  private static final Set<String> KIMI_LINEAR = Set.of("kimi_linear");

  private FamilyRules() {}

  /** models/llama4.py at 055e47c28003; before, it left everything but plain weights as it was. */
  public static final ServingRule VLLM_ROTARY =
      new Of(
          LLAMA4,
          warning(
              ROTARY_ORDER,
              "vLLM before autumn 2026 puts the rows of plain weights alone into the order of its"
                  + " rotation, and computes something else without a word",
              FamilyRules::isRotated));

  /** models/llama4.py at 055e47c28003 orders weights and scales. */
  public static final ServingRule VLLM_ROTARY_ZERO_POINTS =
      new Of(
          LLAMA4,
          error(
              ROTARY_ORDER,
              "vLLM does not put their zero points into the order of its rotation",
              module -> isRotated(module) && !module.scheme().symmetric()));

  /** models/llama4.py at 055e47c28003 knows no {@code qweight}. */
  public static final ServingRule GPTQ_ROTARY =
      new Of(
          LLAMA4,
          error(
              ROTARY_ORDER,
              "vLLM and SGLang do not put columns of qweight into the order of their rotation",
              FamilyRules::isRotated));

  /** models/mllama4.py at 0076e713398e. */
  public static final ServingRule SGLANG_ROTARY =
      new Of(
          LLAMA4,
          error(
              ROTARY_ORDER,
              "SGLang puts the rows of plain weights alone into the order of its rotation, and"
                  + " computes something else without a word",
              FamilyRules::isRotated));

  /** models/kimi_linear.py at 0220422fc000. */
  public static final ServingRule SGLANG_KIMI_LATENT =
      new Of(KIMI_LINEAR, latent("SGLang takes its weight apart as if it were plain", m -> true));

  /**
   * Families whose modules SGLang finds under names of its own, so that targets and {@code ignore}
   * miss them: models/kimi_linear.py at 0220422fc000 ({@code mlp} for {@code block_sparse_moe}),
   * lfm2_moe.py at 01fec0786e1f ({@code gate_up_proj} for {@code w1} and {@code w3}).
   */
  private static final Set<String> SOME_NAMES = Set.of("kimi_linear", "lfm2_moe");

  /**
   * Families that have no name in common: hunyuan.py at 08185617c3e2 (no names), hunyuan_v3.py at
   * 0a235a9db382 (a dot before all names), mixtral.py at 7f1f5bc113ce ({@code layers} for {@code
   * model.layers}).
   */
  private static final Set<String> ALL_NAMES =
      Set.of("hunyuan_v1_moe", "hunyuan_v1_dense", "hy_v3", "mixtral");

  /** Several schemes for modules that SGLang finds under names of its own. */
  public static final ServingRule SGLANG_NAMES =
      new Of(
          Stream.concat(SOME_NAMES.stream(), ALL_NAMES.stream()).collect(Collectors.toSet()),
          FamilyRules::severalSchemes);

  /**
   * A rule that {@code kv_b_proj} breaks in some schemes: models/deepseek_common/
   * deepseek_weight_loader.py at 29bd4e859f6e.
   *
   * @param reason what the engine does
   * @param schemes which of them
   */
  public static ModuleRule latent(String reason, Predicate<ModuleScheme> schemes) {
    return error(
        "latent-packed",
        reason,
        module -> module.name().endsWith(".kv_b_proj") && schemes.test(module));
  }

  private static boolean isRotated(ModuleScheme module) {
    return module.name().endsWith(".self_attn.q_proj")
        || module.name().endsWith(".self_attn.k_proj");
  }

  // Routers and gates are plain there whatever the configuration says.
  private static boolean isMissed(ModuleScheme module, boolean allNames) {
    boolean named = module.isExpert() || module.isQuantized();
    return module.kind() != ModuleKind.HEAD && (named || allNames && !module.kind().isProtected());
  }

  private static Optional<Problem> severalSchemes(ServedCheckpoint checkpoint) {
    List<String> schemes =
        checkpoint.modules().stream()
            .filter(module -> isMissed(module, ALL_NAMES.contains(checkpoint.family())))
            .map(module -> module.scheme().label())
            .distinct()
            .toList();
    if (schemes.size() < 2) {
      return Optional.empty();
    }
    String detail =
        "SGLang has names of its own for modules of %s and finds no scheme for them where there are"
            + " several, here %s; one for all linears is read";
    return Optional.of(
        Problem.error(
            "module-names",
            "",
            checkpoint.family(),
            detail.formatted(checkpoint.family(), String.join(", ", schemes))));
  }

  /** A rule of some families alone. */
  private record Of(Set<String> families, ServingRule rule) implements ServingRule {

    @Override
    public Optional<Problem> check(ServedCheckpoint checkpoint) {
      return families.contains(checkpoint.family()) ? rule.check(checkpoint) : Optional.empty();
    }
  }
}
