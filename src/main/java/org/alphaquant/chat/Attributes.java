package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Attributes and items of values. None of them can modify a value. */
final class Attributes {
  private Attributes() {}

  /** {@code owner.name}: methods before a mapping's entries. */
  static Object attribute(Object owner, String name, Budget budget) {
    budget.step();
    if (owner instanceof Map<?, ?> map) {
      Callable method = method(map, name);
      return method != null ? method : map.containsKey(name) ? map.get(name) : Undefined.VALUE;
    }
    return other(owner, name, budget);
  }

  /** {@code owner[key]}: a mapping's entries before methods. */
  static Object item(Object owner, Object key, Budget budget) {
    budget.step();
    if (owner instanceof Map<?, ?> map) {
      if (Comparison.isKey(key) && map.containsKey(key)) {
        return map.get(key);
      }
      Callable method = key instanceof String name ? method(map, name) : null;
      return method == null ? Undefined.VALUE : method;
    }
    if (key instanceof String name) {
      return other(owner, name, budget);
    }
    if (owner == Undefined.VALUE || owner == null) {
      throw new TemplateException(Values.kind(owner) + " has no elements");
    }
    return element(owner, key, budget);
  }

  private static Object element(Object owner, Object key, Budget budget) {
    if (!(owner instanceof String) && !(owner instanceof List) || !(key instanceof Long)) {
      return Undefined.VALUE;
    }
    long size = Values.length(owner);
    long place = (Long) key < 0 ? (Long) key + size : (Long) key;
    if (place < 0 || place >= size) {
      return Undefined.VALUE;
    }
    if (owner instanceof List<?> list) {
      return list.get((int) place);
    }
    String text = (String) owner;
    budget.read(text);
    return Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) place)));
  }

  private static Object other(Object owner, String name, Budget budget) {
    if (owner == Undefined.VALUE) {
      throw new TemplateException("an undefined value has no '" + name + "'");
    }
    if (owner instanceof Namespace namespace) {
      return namespace.get(name);
    }
    if (owner instanceof LoopState loop) {
      return loop.attribute(name);
    }
    Callable method = null;
    if (owner instanceof String text) {
      method = StringMethods.named(text, name, budget);
    } else if (owner instanceof List<?> list) {
      method = method(list, name, budget);
    }
    return method == null ? Undefined.VALUE : method;
  }

  private static Callable method(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" -> arguments -> items(map);
      case "keys" -> arguments -> new ArrayList<Object>(map.keySet());
      case "values" -> arguments -> new ArrayList<Object>(map.values());
      case "get" -> arguments -> get(map, arguments);
      default -> null;
    };
  }

  static List<Object> items(Map<?, ?> map) {
    List<Object> items = new ArrayList<>();
    map.forEach((key, value) -> items.add(Tuple.of(key, value)));
    return items;
  }

  private static Object get(Map<?, ?> map, Arguments arguments) {
    Object key = arguments.required(0, "key");
    return Comparison.isKey(key) && map.containsKey(key)
        ? map.get(key)
        : arguments.get(1, "default", null);
  }

  private static Callable method(List<?> list, String name, Budget budget) {
    return switch (name) {
      case "index" -> arguments -> index(list, arguments.required(0, "value"), budget);
      case "count" ->
          arguments ->
              list.stream()
                  .filter(it -> Comparison.equal(it, arguments.required(0, "value"), budget))
                  .count();
      case "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse" ->
          throw new TemplateException("a template may not change a list by '" + name + "'");
      default -> null;
    };
  }

  private static long index(List<?> list, Object value, Budget budget) {
    for (int i = 0; i < list.size(); i++) {
      if (Comparison.equal(list.get(i), value, budget)) {
        return i;
      }
    }
    throw new TemplateException("a value is not in the list it is looked up in");
  }
}
