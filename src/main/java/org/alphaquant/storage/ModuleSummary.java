package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Many module names in a few lines for people. */
public final class ModuleSummary {
  private ModuleSummary() {}

  /**
   * Abbreviates these names, exactly: {@code model.layers.0-15.mlp.experts.0-63.{gate_proj,
   * up_proj}}.
   */
  public static List<String> of(Collection<String> names) {
    Map<List<String>, List<List<Integer>>> points = new LinkedHashMap<>();
    for (String name : names) {
      NumberedName numbered = NumberedName.of(name);
      points.computeIfAbsent(numbered.template(), key -> new ArrayList<>()).add(numbered.numbers());
    }
    Map<String, List<String>> endings = new LinkedHashMap<>();
    points.forEach(
        (template, numbers) ->
            NumberBox.cover(numbers).forEach(box -> add(endings, line(template, box))));
    return endings.entrySet().stream()
        .map(line -> line.getKey() + ending(line.getValue()))
        .toList();
  }

  private static void add(Map<String, List<String>> endings, String line) {
    int dot = line.lastIndexOf('.') + 1;
    endings
        .computeIfAbsent(line.substring(0, dot), key -> new ArrayList<>())
        .add(line.substring(dot));
  }

  private static String ending(List<String> endings) {
    return endings.size() == 1 ? endings.get(0) : "{" + String.join(",", endings) + "}";
  }

  private static String line(List<String> template, NumberBox box) {
    List<String> segments = new ArrayList<>();
    int number = 0;
    for (String segment : template) {
      segments.add(
          segment.equals(NumberedName.NUMBER) ? numbers(box.sets().get(number++)) : segment);
    }
    return String.join(".", segments);
  }

  /** {@code 0,3,5-7}. */
  private static String numbers(SortedSet<Integer> numbers) {
    List<String> runs = new ArrayList<>();
    SortedSet<Integer> rest = new TreeSet<>(numbers);
    while (!rest.isEmpty()) {
      int first = rest.first();
      int last = first;
      while (rest.contains(last + 1)) {
        last++;
      }
      runs.add(first == last ? String.valueOf(first) : first + "-" + last);
      rest = rest.tailSet(last + 1);
    }
    return String.join(",", runs);
  }
}
