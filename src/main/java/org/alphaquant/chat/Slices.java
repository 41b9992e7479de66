package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;

/** Parts of lists and texts: {@code a[from:to:step]}. */
final class Slices {
  private Slices() {}

  static Object slice(Object whole, Object from, Object to, Object step, Budget budget) {
    if (!(whole instanceof String) && !(whole instanceof List)) {
      throw new TemplateException(Values.kind(whole) + " has no parts");
    }
    List<Object> all = Values.elements(whole);
    int by = step == null ? 1 : Values.integer(step);
    if (by == 0) {
      throw new TemplateException("a slice's step is 0");
    }
    int first = from == null ? (by > 0 ? 0 : all.size() - 1) : bound(from, all.size(), by);
    int end = to == null ? (by > 0 ? all.size() : -1) : bound(to, all.size(), by);
    List<Object> part = new ArrayList<>();
    for (long i = first; by > 0 ? i < end : i > end; i += by) {
      part.add(all.get((int) i));
    }
    return result(whole, part, budget);
  }

  private static Object result(Object whole, List<Object> part, Budget budget) {
    if (whole instanceof String) {
      StringBuilder text = new StringBuilder();
      part.forEach(text::append);
      return budget.made(text.toString());
    }
    budget.elements(part.size());
    return part;
  }

  private static int bound(Object value, int size, int step) {
    int place = Values.integer(value);
    int counted = place < 0 ? place + size : place;
    return step > 0
        ? Math.max(0, Math.min(size, counted))
        : Math.max(-1, Math.min(size - 1, counted));
  }
}
