package org.alphaquant.chat;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Templates with conversations, and what transformers makes of them. */
final class RenderedCases {

  /** The time that the cases were rendered at. */
  static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 5, 14, 7, 9);

  /**
   * One case.
   *
   * @param expected the text; null where the template is an error
   */
  record Case(String name, String template, Map<String, Object> context, String expected) {

    /** What this program makes of it; null where it is an error. */
    String rendered() {
      try {
        return ChatTemplate.parse(template).render(context, NOW);
      } catch (TemplateException refused) {
        return null;
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private RenderedCases() {}

  /** Of a file that holds each conversation and each template once. */
  static List<Case> of(Path file) {
    Stored stored = JsonMapper.shared().readValue(file.toFile(), Stored.class);
    return stored.templates.stream()
        .flatMap(shared -> shared.cases.stream().map(it -> it.of(shared, stored)))
        .toList();
  }

  private record Stored(List<Map<String, Object>> contexts, List<OfTemplate> templates) {}

  private record OfTemplate(String template, List<Rendering> cases) {}

  private record Rendering(String name, int context, String expected) {

    Case of(OfTemplate shared, Stored stored) {
      return new Case(name, shared.template, stored.contexts.get(context), expected);
    }
  }

  /** Compares the cases of a file: {@code RenderedCases FILE}. */
  public static void main(String[] files) {
    for (String file : files) {
      List<Case> cases = of(Path.of(file));
      long right = 0;
      for (Case it : cases) {
        String rendered = it.rendered();
        if (java.util.Objects.equals(rendered, it.expected())) {
          right++;
        } else {
          System.out.printf("%s%n  expected %s%n  rendered %s%n", it, it.expected(), rendered);
          if (rendered == null) {
            try {
              ChatTemplate.parse(it.template()).render(it.context(), NOW);
            } catch (TemplateException e) {
              System.out.println("  " + e.getMessage());
            }
          }
        }
      }
      System.out.printf("%d of %d%n", right, cases.size());
    }
  }
}
