package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The product of several sets of numbers, such as layers and experts. */
record NumberBox(List<SortedSet<Integer>> sets) {

  /** Boxes without overlap that together hold exactly these equally long lists of numbers. */
  static List<NumberBox> cover(Collection<List<Integer>> points) {
    if (points.stream().allMatch(List::isEmpty)) {
      return List.of(new NumberBox(List.of()));
    }
    Map<List<NumberBox>, SortedSet<Integer>> headsByTails = new LinkedHashMap<>();
    tailsByHead(points)
        .forEach(
            (head, tails) ->
                headsByTails.computeIfAbsent(cover(tails), key -> new TreeSet<>()).add(head));
    List<NumberBox> boxes = new ArrayList<>();
    headsByTails.forEach((tails, heads) -> tails.forEach(tail -> boxes.add(tail.under(heads))));
    return boxes;
  }

  private static Map<Integer, List<List<Integer>>> tailsByHead(Collection<List<Integer>> points) {
    Map<Integer, List<List<Integer>>> tails = new TreeMap<>();
    points.forEach(
        point ->
            tails
                .computeIfAbsent(point.get(0), key -> new ArrayList<>())
                .add(point.subList(1, point.size())));
    return tails;
  }

  private NumberBox under(SortedSet<Integer> heads) {
    List<SortedSet<Integer>> longer = new ArrayList<>();
    longer.add(heads);
    longer.addAll(sets);
    return new NumberBox(longer);
  }
}
