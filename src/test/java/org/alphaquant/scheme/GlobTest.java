package org.alphaquant.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {

  /** The third column is what CPython's fnmatch.fnmatchcase answers. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "* a.b.c true",
        "*.mlp.*gate model.layers.0.mlp.gate true",
        "*.mlp.*gate model.layers.0.mlp.shared_expert_gate true",
        "*.mlp.*gate model.layers.0.mlp.experts.0.gate_proj false",
        "*.mlp.experts.0.* model.layers.3.mlp.experts.0.up_proj true",
        "*.mlp.experts.0.* model.layers.3.mlp.experts.10.up_proj false",
        "*.mlp.experts.[1-7].* model.layers.3.mlp.experts.7.up_proj true",
        "*.mlp.experts.[1-7].* model.layers.3.mlp.experts.8.up_proj false",
        "*.mlp.experts.[1-7].* model.layers.3.mlp.experts.17.up_proj false",
        "*.mlp.experts.[!1-7].* model.layers.3.mlp.experts.8.up_proj true",
        "*.layers.?.mlp.gate model.layers.3.mlp.gate true",
        "*.layers.?.mlp.gate model.layers.13.mlp.gate false",
        "model.layers.*.self_attn.* model.layers.0.self_attn.q_proj true",
        "model.layers.*.self_attn.* model.layers.0.self_attn false",
        "lm_head lm_head true",
        "lm_head lm_heads false",
        "lm_head xlm_head false",
        "a**b a.x.b true",
        "[]] ] true",
        "[!]] ] false",
        "[!]]x ax true",
        "[a-] - true",
        "[-a] - true",
        "[--a] A true",
        "[a-c-e] d false",
        "[a-c-e] - true",
        "[^a] ^ true",
        "[^a] b false",
        "[[] [ true",
        "a.b axb false",
        "*ab*ab* xabxab true",
        "*abc ababc true",
        "Q_proj q_proj false",
      })
  void matchesAsPythonsFnmatchDoes(String pattern, String name, boolean matches) {
    assertThat(Glob.of(pattern).matches(name)).isEqualTo(matches);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*.experts.[1-7.*|[ at position 10 is never closed; [[] matches the bracket itself",
        "[!]|[ at position 0 is never closed; [[] matches the bracket itself",
        "[]|[ at position 0 is never closed; [[] matches the bracket itself",
        "*.[7-1].*|the range 7-1 runs backwards and matches nothing",
        "*.[😀-😎].*|a bracket holds characters up to U+FFFF, and 😀 is beyond",
        "''|the pattern is empty",
      })
  void brokenPatternsAreRefusedWithTheReason(String pattern, String reason) {
    assertThatIllegalArgumentException().isThrownBy(() -> Glob.of(pattern)).withMessage(reason);
  }

  @Test
  @Timeout(60)
  void manyStarsDoNotBlowUp() {
    Glob glob = Glob.of("*a".repeat(200) + "b");
    assertThat(glob.matches("a".repeat(2000))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "*.self_atn.*, model.layers.0.self_attn.q_proj, 1",
    "*.self_attn.*, model.layers.0.self_attn.q_proj, 0",
    "model.layer.*.mlp.gate, model.layers.0.mlp.gate, 1",
    "abc, abd, 1",
    "abc, '', 3",
  })
  void distanceCountsTypingSlipsOutsideOfStars(String pattern, String name, int distance) {
    assertThat(Glob.of(pattern).distance(name)).isEqualTo(distance);
  }
}
