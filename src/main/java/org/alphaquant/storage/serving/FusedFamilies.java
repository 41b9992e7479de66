package org.alphaquant.storage.serving;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.problem.Problem;
import org.alphaquant.problem.Severity;

/**
 * Families that are published with the experts of a layer fused into two tensors. Packed results
 * hold experts one by one, under names that not every engine reads for these families.
 *
 * @param reason what the engine does, as a sentence's end
 */
public record FusedFamilies(Severity severity, Set<String> families, String reason)
    implements ServingRule {

  private static final String CODE = "expert-names";

  /** conversion_mapping.py of transformers 5.18, and what it reported on loading such results. */
  public static final FusedFamilies TRANSFORMERS =
      new FusedFamilies(
          Severity.ERROR,
          Set.of(
              "granitemoe",
              "granitemoeshared",
              "granitemoehybrid",
              "gemma4_text",
              "gpt_oss",
              "qwen3_vl_moe_text",
              "mistral4"),
          "transformers reads them fused only, and fills what it misses with random numbers");

  /** models/gpt_oss.py at 055e47c28003, autumn 2026. */
  private static final FusedFamilies VLLM_GPT_OSS =
      new FusedFamilies(
          Severity.ERROR,
          Set.of("gpt_oss"),
          "vLLM reads them fused only, plain or in MXFP4, and passes over any other");

  /** models/granitemoe.py at 055e47c28003 and, before, at 5d4420da4338. */
  private static final FusedFamilies VLLM_GRANITE =
      new FusedFamilies(
          Severity.WARNING,
          Set.of("granitemoe", "granitemoeshared"),
          "releases of vLLM before autumn 2026 know them as w1, w2 and w3 and fail to load");

  /** models/gpt_oss.py at 009c68085e68. */
  private static final FusedFamilies SGLANG_GPT_OSS =
      new FusedFamilies(
          Severity.ERROR,
          Set.of("gpt_oss"),
          "SGLang reads them fused only, plain or in MXFP4, and passes over any other");

  /** models/granitemoe.py at 0ba3cdd47463, granitemoeshared.py at 580ea2d722cb; #37679. */
  private static final FusedFamilies SGLANG_GRANITE =
      new FusedFamilies(
          Severity.WARNING,
          Set.of("granitemoe", "granitemoeshared"),
          "SGLang before its pull request 37679 of September 2026 passes over them without a word");

  /** What vLLM reads. */
  public static final List<ServingRule> VLLM = List.of(VLLM_GPT_OSS, VLLM_GRANITE);

  /** What SGLang reads. */
  public static final List<ServingRule> SGLANG = List.of(SGLANG_GPT_OSS, SGLANG_GRANITE);

  @Override
  public Optional<Problem> check(ServedCheckpoint checkpoint) {
    if (!families.contains(checkpoint.family()) || checkpoint.experts().findAny().isEmpty()) {
      return Optional.empty();
    }
    String detail =
        "the experts of %s are stored one by one here, but %s; output.format dequantized stores"
            + " them as they are published";
    return Optional.of(
        new Problem(
            severity,
            CODE,
            "",
            checkpoint.family(),
            detail.formatted(checkpoint.family(), reason),
            List.of()));
  }
}
