package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Filters over the elements of a value. */
final class ListFilters {
  private ListFilters() {}

  static Filter named(String name) {
    return switch (name) {
      case "list" -> (value, it, budget) -> Values.elements(value);
      case "first" -> (value, it, budget) -> at(value, true);
      case "last" -> (value, it, budget) -> at(value, false);
      case "reverse" -> ListFilters::reverse;
      case "join" -> ListFilters::join;
      case "items" -> ListFilters::items;
      case "dictsort" -> ListFilters::sortedItems;
      case "sort" -> ListFilters::sort;
      case "unique" -> ListFilters::unique;
      case "sum" -> ListFilters::sum;
      case "max" -> (value, it, budget) -> extreme(value, it, 1, budget);
      case "min" -> (value, it, budget) -> extreme(value, it, -1, budget);
      case "map" -> ListFilters::map;
      case "select" -> (value, it, budget) -> chosen(value, it, budget, false, true);
      case "reject" -> (value, it, budget) -> chosen(value, it, budget, false, false);
      case "selectattr" -> (value, it, budget) -> chosen(value, it, budget, true, true);
      case "rejectattr" -> (value, it, budget) -> chosen(value, it, budget, true, false);
      case "groupby" -> ListFilters::groups;
      case "batch" -> ListFilters::batches;
      default -> null;
    };
  }

  private static Object at(Object value, boolean first) {
    List<Object> all = Values.elements(value);
    return all.isEmpty() ? Undefined.VALUE : all.get(first ? 0 : all.size() - 1);
  }

  private static Object reverse(Object value, Arguments arguments, Budget budget) {
    if (value instanceof String) {
      return Slices.slice(value, null, null, -1L, budget);
    }
    List<Object> all = Values.elements(value);
    Collections.reverse(all);
    return all;
  }

  private static Object join(Object value, Arguments arguments, Budget budget) {
    Object attribute = arguments.get(1, "attribute", null);
    String separator = Values.text(arguments.get(0, "d", ""));
    TextSink joined = new TextSink(budget);
    String before = "";
    for (Object element : Values.elements(value)) {
      joined.write(before);
      joined.write(Values.text(attribute == null ? element : path(element, attribute, budget)));
      before = separator;
    }
    return joined.toString();
  }

  /** The attribute that a path such as {@code function.name} or {@code 0} leads to. */
  private static Object path(Object element, Object path, Budget budget) {
    if (!(path instanceof String names)) {
      return Attributes.item(element, path, budget);
    }
    Object value = element;
    for (String name : names.split("\\.")) {
      boolean place = !name.isEmpty() && name.chars().allMatch(Character::isDigit);
      value = Attributes.item(value, place ? Arithmetic.number(name) : name, budget);
    }
    return value;
  }

  private static Object items(Object value, Arguments arguments, Budget budget) {
    if (value == Undefined.VALUE) {
      return new ArrayList<>();
    }
    return Attributes.items(mapping(value));
  }

  private static Map<?, ?> mapping(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new TemplateException(Values.kind(value) + " where a mapping is needed");
  }

  private static Object sortedItems(Object value, Arguments arguments, Budget budget) {
    boolean caseMatters = arguments.flag(0, "case_sensitive");
    int by = "value".equals(arguments.get(1, "by", "key")) ? 1 : 0;
    List<Object> items = Attributes.items(mapping(value));
    items.sort(order(item -> ((List<?>) item).get(by), caseMatters, budget));
    if (arguments.flag(2, "reverse")) {
      Collections.reverse(items);
    }
    return items;
  }

  private static Comparator<Object> order(
      UnaryOperator<Object> key, boolean caseMatters, Budget budget) {
    return (a, b) ->
        Comparison.order(
            folded(key.apply(a), caseMatters), folded(key.apply(b), caseMatters), budget);
  }

  private static Object folded(Object value, boolean caseMatters) {
    return value instanceof String text && !caseMatters ? text.toLowerCase(Locale.ROOT) : value;
  }

  private static Object sort(Object value, Arguments arguments, Budget budget) {
    Object attribute = arguments.get(2, "attribute", null);
    List<Object> all = Values.elements(value);
    Comparator<Object> order =
        order(
            element -> attribute == null ? element : path(element, attribute, budget),
            arguments.flag(1, "case_sensitive"),
            budget);
    all.sort(arguments.flag(0, "reverse") ? order.reversed() : order);
    return all;
  }

  private static Object unique(Object value, Arguments arguments, Budget budget) {
    boolean caseMatters = arguments.flag(0, "case_sensitive");
    Object attribute = arguments.get(1, "attribute", null);
    List<Object> keys = new ArrayList<>();
    List<Object> unique = new ArrayList<>();
    for (Object element : Values.elements(value)) {
      Object key =
          folded(attribute == null ? element : path(element, attribute, budget), caseMatters);
      if (!Comparison.contains(keys, key, budget)) {
        keys.add(key);
        unique.add(element);
      }
    }
    return unique;
  }

  private static Object sum(Object value, Arguments arguments, Budget budget) {
    Object attribute = arguments.get(0, "attribute", null);
    Object sum = arguments.get(1, "start", 0L);
    for (Object element : Values.elements(value)) {
      Object part = attribute == null ? element : path(element, attribute, budget);
      sum = Arithmetic.result("+", sum, part, budget);
    }
    return sum;
  }

  private static Object extreme(Object value, Arguments arguments, int sign, Budget budget) {
    Object attribute = arguments.get(1, "attribute", null);
    Comparator<Object> order =
        order(
            element -> attribute == null ? element : path(element, attribute, budget),
            arguments.flag(0, "case_sensitive"),
            budget);
    Object best = Undefined.VALUE;
    for (Object element : Values.elements(value)) {
      if (best == Undefined.VALUE || sign * order.compare(element, best) > 0) {
        best = element;
      }
    }
    return best;
  }

  private static Object map(Object value, Arguments arguments, Budget budget) {
    List<Object> mapped = new ArrayList<>();
    Object attribute = arguments.named().get("attribute");
    Object otherwise = arguments.named().getOrDefault("default", Undefined.VALUE);
    Filter filter = attribute == null ? Filters.named(arguments.text(0, "filter")) : null;
    for (Object element : Values.elements(value)) {
      Object result =
          filter == null
              ? path(element, attribute, budget)
              : filter.apply(element, arguments.after(1), budget);
      mapped.add(result == Undefined.VALUE ? otherwise : result);
    }
    return mapped;
  }

  private static Object chosen(
      Object value, Arguments arguments, Budget budget, boolean byAttribute, boolean wanted) {
    int place = byAttribute ? 1 : 0;
    ValueTest test =
        arguments.size() > place
            ? ValueTests.named(arguments.text(place, "test"))
            : (element, none, same) -> Values.isTrue(element);
    List<Object> chosen = new ArrayList<>();
    for (Object element : Values.elements(value)) {
      Object tested =
          byAttribute ? path(element, arguments.required(0, "attribute"), budget) : element;
      if (test.holds(tested, arguments.after(place + 1), budget) == wanted) {
        chosen.add(element);
      }
    }
    return chosen;
  }

  private static Object groups(Object value, Arguments arguments, Budget budget) {
    Object attribute = arguments.required(0, "attribute");
    Map<Object, List<Object>> groups = new LinkedHashMap<>();
    List<Object> sorted = Values.elements(value);
    sorted.sort(order(element -> path(element, attribute, budget), false, budget));
    for (Object element : sorted) {
      groups
          .computeIfAbsent(path(element, attribute, budget), key -> new ArrayList<>())
          .add(element);
    }
    List<Object> result = new ArrayList<>();
    groups.forEach((key, elements) -> result.add(Tuple.of(key, elements)));
    return result;
  }

  private static Object batches(Object value, Arguments arguments, Budget budget) {
    int size = arguments.integer(0, "linecount", 0);
    if (size < 1) {
      throw new TemplateException("batches of " + size + " elements");
    }
    List<Object> all = Values.elements(value);
    Object fill = arguments.get(1, "fill_with", null);
    List<Object> batches = new ArrayList<>();
    for (int from = 0; from < all.size(); from += size) {
      List<Object> batch = new ArrayList<>(all.subList(from, Math.min(all.size(), from + size)));
      budget.elements(fill == null ? 0 : size);
      while (fill != null && batch.size() < size) {
        batch.add(fill);
      }
      batches.add(batch);
    }
    return batches;
  }
}
