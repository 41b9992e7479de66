package org.alphaquant.chat;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The global functions of every template. */
final class Globals {
  private Globals() {}

  static Map<String, Object> of(LocalDateTime now, Budget budget) {
    return Map.of(
        "range", (Callable) arguments -> range(arguments, budget),
        "namespace", (Callable) Globals::namespace,
        "dict", (Callable) Globals::dict,
        "raise_exception", (Callable) Globals::raise,
        "strftime_now", (Callable) arguments -> Strftime.format(now, arguments.text(0, "format")));
  }

  private static Object raise(Arguments arguments) {
    throw new TemplateException(Values.text(arguments.required(0, "message")));
  }

  private static Object range(Arguments arguments, Budget budget) {
    boolean one = arguments.size() == 1;
    long from = one ? 0 : Values.integer(arguments.required(0, "start"));
    long to = Values.integer(arguments.required(one ? 0 : 1, "stop"));
    long step = arguments.integer(2, "step", 1);
    if (step == 0) {
      throw new TemplateException("range() with a step of 0");
    }
    budget.elements(Math.max(0, (to - from) / step));
    List<Object> numbers = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      numbers.add(i);
    }
    return numbers;
  }

  private static Object namespace(Arguments arguments) {
    Namespace namespace = new Namespace();
    merged(arguments).forEach((name, value) -> namespace.put(Values.string(name), value));
    return namespace;
  }

  private static Object dict(Arguments arguments) {
    return merged(arguments);
  }

  private static Map<Object, Object> merged(Arguments arguments) {
    Map<Object, Object> merged = new LinkedHashMap<>();
    if (arguments.get(0, "", null) instanceof Map<?, ?> first) {
      merged.putAll(first);
    }
    merged.putAll(arguments.named());
    return merged;
  }
}
