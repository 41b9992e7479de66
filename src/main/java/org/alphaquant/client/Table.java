package org.alphaquant.client;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Rows of text in aligned columns; the first row is the heading. */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... heading) {
    rows.add(List.of(heading));
  }

  void row(String... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          "a row of %d cells under a heading of %d".formatted(cells.length, rows.get(0).size()));
    }
    rows.add(List.of(cells));
  }

  String render() {
    List<Integer> widths =
        IntStream.range(0, rows.get(0).size())
            .map(i -> rows.stream().mapToInt(row -> row.get(i).length()).max().orElse(0))
            .boxed()
            .toList();
    return rows.stream().map(row -> line(row, widths)).collect(Collectors.joining("\n"));
  }

  private static String line(List<String> row, List<Integer> widths) {
    return IntStream.range(0, row.size())
        .mapToObj(i -> "%-" + Math.max(1, widths.get(i)) + "s")
        .collect(Collectors.joining(GAP))
        .formatted(row.toArray())
        .stripTrailing();
  }
}
