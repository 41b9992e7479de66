package org.alphaquant.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.chat.RenderedCases.Case;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {

  static Stream<Case> cases() {
    return RenderedCases.of(Path.of("src/test/resources/chat/cases.json")).stream();
  }

  /** Expected texts, and which templates are errors, come from transformers 5.18 (see the file). */
  @ParameterizedTest
  @MethodSource("cases")
  void rendersWhatTransformersRenders(Case it) {
    assertThat(it.rendered()).isEqualTo(it.expected());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(t='x') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == ns.l + [] }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(9000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 'x' * 100000000 }}",
        "{{ range(100000000) }}",
        "{{ 'x' | indent(100000000) }}",
        "{{ 'x' | center(100000000) }}",
        "{{ '%99999999d' % 1 }}",
        "{{ 1.5 | round(100000000) }}",
        "{{ 9 ** 99 }}",
        "{{ ('x' * 9000000).replace('x', 'yy') }}",
        "{% set t = 'x' * 9000000 %}{% for i in range(100000) %}{{ 'y' in t }}{% endfor %}",
        "{% set t = 'x' * 9000000 %}{% for i in range(100000) %}{% set u = t | upper %}{% endfor %}"
      })
  void aTemplateThatWouldNotEndIsStopped(String template) {
    assertThatThrownBy(() -> ChatTemplate.parse(template).render(Map.of(), RenderedCases.NOW))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void nestingIsBoundedBeforeTheStackIs() {
    for (String deep : List.of("(".repeat(100_000), "[".repeat(100_000), "not ".repeat(100_000))) {
      assertThatThrownBy(() -> ChatTemplate.parse("{{ " + deep + "1"))
          .isInstanceOf(TemplateException.class);
    }
    assertThatThrownBy(() -> ChatTemplate.parse("{% if true %}".repeat(50_000)))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> ChatTemplate.parse("x".repeat(ChatTemplate.MAX_SOURCE + 1)))
        .hasMessageContaining("1048577 characters");
  }

  @Test
  void whatATemplateRefusesIsToldInItsOwnWords() {
    ChatTemplate template = ChatTemplate.parse("{{ raise_exception('roles must alternate') }}");
    assertThatThrownBy(() -> template.render(Map.of(), RenderedCases.NOW))
        .hasMessage("roles must alternate");
  }

  @Test
  void theTextOfAMessageIsNeverRunAsATemplate() {
    String hostile = "{{ raise_exception('run') }}{% for %}";
    String text =
        ChatTemplate.parse("{{ messages[0].content }}")
            .render(Map.of("messages", List.of(Map.of("content", hostile))), RenderedCases.NOW);
    assertThat(text).isEqualTo(hostile);
  }
}
