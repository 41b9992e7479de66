package org.alphaquant.deploy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The values of the chart with the comments above them, which begin with {@code # --}. */
final class ChartValues {
  private static final Pattern KEY = Pattern.compile("^( *)([A-Za-z]+):(.*)$");
  private static final String COMMENT = "# -- ";

  private record Value(String comment, String standard) {}

  private final Map<String, Value> values = new LinkedHashMap<>();

  ChartValues(String yaml) {
    List<String> path = new ArrayList<>();
    String comment = "";
    String last = "";
    for (String line : yaml.lines().toList()) {
      Matcher key = KEY.matcher(line);
      if (line.strip().startsWith(COMMENT)) {
        comment = line.strip().substring(COMMENT.length());
      } else if (key.matches() && isBelowDocumented(path, key.group(1).length() / 2, comment)) {
        int depth = key.group(1).length() / 2;
        path.subList(Math.min(depth, path.size()), path.size()).clear();
        path.add(key.group(2));
        last = String.join(".", path);
        if (!comment.isEmpty()) {
          values.put(last, new Value(comment, key.group(3).strip()));
          comment = "";
        }
      } else if (values.containsKey(last) && !line.isBlank()) {
        Value value = values.get(last);
        values.put(
            last, new Value(value.comment(), (value.standard() + " " + line.strip()).strip()));
      }
    }
  }

  /** A key without a comment is a part of the documented value above it, if it lies below it. */
  private boolean isBelowDocumented(List<String> path, int depth, String comment) {
    boolean partOfValue =
        comment.isEmpty() && depth >= path.size() && values.containsKey(String.join(".", path));
    return !partOfValue;
  }

  List<String> paths() {
    return List.copyOf(values.keySet());
  }

  /** A table in Markdown. */
  String table() {
    StringBuilder table = new StringBuilder("| value | default | |\n|---|---|---|\n");
    values.forEach(
        (path, value) ->
            table.append(
                "| `%s` | %s | %s |\n"
                    .formatted(
                        path,
                        value.standard().isEmpty() ? "" : "`" + value.standard() + "`",
                        value.comment())));
    return table.toString();
  }
}
