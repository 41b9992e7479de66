package org.alphaquant.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A parsed chat template; rendering is safe for use by several threads. */
public final class ChatTemplate {

  /** Characters of a template; published ones have some ten thousand at most. */
  public static final int MAX_SOURCE = 1 << 20;

  private final List<Statement> statements;

  private ChatTemplate(List<Statement> statements) {
    this.statements = statements;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException if it is too long or not in the language
   */
  public static ChatTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new TemplateException(
          "the template has %d characters; the limit is %d".formatted(source.length(), MAX_SOURCE));
    }
    return bounded(() -> new ChatTemplate(StatementParser.parse(source)));
  }

  /**
   * The text of a conversation.
   *
   * @param context what the template may name: {@code messages}, {@code tools}, {@code
   *     add_generation_prompt}, special tokens; values are null, Boolean, Number, String, List and
   *     Map with String keys
   * @param now the time that {@code strftime_now} formats
   * @throws TemplateException if the template refuses the conversation, fails or exceeds its bounds
   */
  public String render(Map<String, ?> context, LocalDateTime now) {
    return bounded(
        () -> {
          Budget budget = new Budget();
          Scope globals = Scope.outermost(budget);
          globals.putAll(Globals.of(now, budget));
          Scope scope = globals.inner();
          context.forEach((name, value) -> scope.put(name, own(value, 0)));
          return Statement.text(statements, scope);
        });
  }

  // Recursion of templates is bounded elsewhere; this depth is that of the values given.
  private static <T> T bounded(Supplier<T> work) {
    try {
      return work.get();
    } catch (StackOverflowError e) {
      throw Budget.tooDeep();
    }
  }

  /** Converts a value to the interpreter's types. */
  private static Object own(Object value, int depth) {
    if (depth > Budget.MAX_DEPTH) {
      throw Budget.tooDeep();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> own = new LinkedHashMap<>();
      map.forEach((key, element) -> own.put(key, own(element, depth + 1)));
      return own;
    }
    if (value instanceof List<?> list) {
      List<Object> own = new ArrayList<>();
      list.forEach(element -> own.add(own(element, depth + 1)));
      return own;
    }
    if (value instanceof Float || value instanceof BigDecimal) {
      return ((Number) value).doubleValue();
    }
    if (value instanceof BigInteger whole && whole.bitLength() >= Long.SIZE) {
      return whole;
    }
    return value instanceof Number number && !(value instanceof Double)
        ? (Object) number.longValue()
        : value;
  }
}
