package org.alphaquant.faults;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Changes a chat template at the seams of its tags, and puts in what costs much or is none. */
final class TemplateMutations {

  /** Of the kind that models are published with. */
  static final String SOUND =
      """
      {%- macro part(content) -%}
        {%- if content is string -%}{{ content | trim }}{%- else -%}
          {%- for item in content if item.type == 'text' -%}{{ item.text }}{%- endfor -%}
        {%- endif -%}
      {%- endmacro -%}
      {%- set ns = namespace(system='', turns=0) -%}
      {%- if messages[0]['role'] == 'system' -%}
        {%- set ns.system = part(messages[0].content) -%}{%- set messages = messages[1:] -%}
      {%- endif -%}
      {{- bos_token | default('') -}}
      {%- for m in messages -%}
        {%- if m.role not in ['user', 'assistant', 'tool'] -%}
          {{- raise_exception('a role of another kind: ' ~ m.role) -}}
        {%- endif -%}
        {%- set ns.turns = ns.turns + 1 -%}
        {{- '<|' + m.role + '|>' + (ns.system if loop.first else '') + part(m.content) + '\\n' -}}
      {%- endfor -%}
      {%- if tools -%}{{ tools | tojson(indent=2) }}{%- endif -%}
      {%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}
      """;

  private static final List<String> ODD =
      List.of(
          "{% for i in range(99999) %}",
          "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
          "{% endfor %}",
          "{% if 1 %}".repeat(300),
          "{{ messages[0].content * 99999999 }}",
          "{{ 1 / 0 }}",
          "{{ 9 ** 9 ** 9 }}",
          "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
          "{% set ns.system = ns.system ~ ns.system ~ 'aaaaaaaa' %}",
          "{{ messages | tojson(indent=99999999) }}",
          "{{ ('a' * 999999) | replace('a', 'bbbbbbbbbbbbbbbbbb') }}",
          "{{ messages[::0] }}",
          "{{ ''.__class__.__mro__ }}",
          "{{ '%999999999d' % 1 }}",
          "{{ 'a'.center(999999999) }}",
          "{{ undefined.x.y }}",
          "{{ messages | sort(attribute='content.x') | map('upper') | join }}",
          "{% include 'other' %}",
          "{% set messages = 7 %}",
          "{{ messages.append(messages) }}{{ messages }}",
          "{% generation %}",
          "{{ strftime_now('%Q %') }}",
          "{{ '\\ud800' }}",
          "\ud800",
          "\0",
          "{%",
          "}}",
          "{#",
          "{{ (".repeat(400));

  private final Random random;

  TemplateMutations(Random random) {
    this.random = random;
  }

  /** One to four parts removed, repeated, exchanged, cut off or put in. */
  String changed() {
    List<String> parts = new ArrayList<>(List.of(SOUND.split("(?<=[%}]})|(?=\\{[%{])")));
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(parts.size());
      switch (random.nextInt(6)) {
        case 0 -> parts.remove(at);
        case 1 -> parts.add(at, parts.get(at));
        case 2 -> Collections.swap(parts, at, random.nextInt(parts.size()));
        case 3 -> parts.set(at, cut(parts.get(at)));
        default -> parts.add(at, ODD.get(random.nextInt(ODD.size())));
      }
    }
    return String.join("", parts);
  }

  private String cut(String part) {
    return part.substring(0, random.nextInt(part.length() + 1));
  }
}
