package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a file says of itself to those who list files. */
class GgufContentTest {

  @ParameterizedTest
  @CsvSource({
    "/models/olmoe-demo, olmoe-demo",
    "/cache/models--allenai--OLMoE-1B-7B-0924/snapshots/3f1f8f2c, OLMoE-1B-7B-0924",
    "/cache/models--gpt2/snapshots/3f1f8f2c, gpt2",
    "/, model"
  })
  void aModelOfAHubsCacheHasItsRepositorysNameNotTheRevisions(Path source, String name) {
    assertThat(GgufContent.name(source)).isEqualTo(name);
  }

  @Test
  void aFileIsKnownByTheQuantizedTypeWithMostBytesHoweverLargeItsEmbeddingIs() {
    Map<GgufType, Long> bytes =
        Map.of(GgufType.BF16, 900L, GgufType.F32, 10L, GgufType.Q4_K, 200L, GgufType.Q6_K, 100L);
    assertThat(GgufContent.commonest(bytes)).isEqualTo(GgufType.Q4_K);
    assertThat(GgufContent.commonest(Map.of(GgufType.BF16, 900L, GgufType.F32, 10L)))
        .isEqualTo(GgufType.BF16);
  }
}
