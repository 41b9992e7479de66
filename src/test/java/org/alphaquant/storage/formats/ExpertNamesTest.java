package org.alphaquant.storage.formats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.stream.Collectors;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.Modules;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.TargetRuntime;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Families whose published files fuse experts, which packed results hold one by one. */
class ExpertNamesTest {

  @ParameterizedTest
  @CsvSource({
    "compressed-tensors, vllm, gpt_oss, error",
    "compressed-tensors, vllm, granitemoe, warning",
    "compressed-tensors, vllm, granitemoehybrid, ''",
    "compressed-tensors, vllm, qwen3_vl_moe_text, ''",
    "compressed-tensors, sglang, gpt_oss, error",
    "compressed-tensors, sglang, granitemoeshared, warning",
    "compressed-tensors, transformers, gpt_oss, error",
    "compressed-tensors, transformers, granitemoehybrid, error",
    "compressed-tensors, transformers, qwen3_vl_moe_text, error",
    "compressed-tensors, transformers, qwen3_5_moe_text, ''",
    "compressed-tensors, transformers, olmoe, ''",
    "gptq, vllm, gpt_oss, error",
    "gptq, sglang, granitemoe, warning",
    "quark, vllm, gpt_oss, error",
    "quark, transformers, mistral4, error"
  })
  void theReaderThatDoesNotKnowThemIsNamed(
      String format, String target, String family, String severity) {
    TensorScheme scheme =
        TensorScheme.of(format.equals("quark") ? NumberFormat.MXFP4 : NumberFormat.INT4, 32);
    ServedCheckpoint served = new ServedCheckpoint(family, Modules.olmoe(1, 2, name -> scheme));
    String found =
        StorageFormats.named(format)
            .orElseThrow()
            .readers()
            .get(TargetRuntime.named(target).orElseThrow())
            .stream()
            .flatMap(rule -> rule.check(served).stream())
            .filter(problem -> problem.code().equals("expert-names"))
            .map(Problem::severity)
            .map(it -> it.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(" "));
    assertThat(found).isEqualTo(severity);
  }
}
