package org.alphaquant.chat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes values as JSON the way Python's {@code json.dumps} lays it out. */
final class JsonWriter {

  private final TextSink out;
  private final int indent;
  private final String separator;
  private final String colon;
  private final boolean ascii;
  private final boolean sorted;
  private int depth;

  private JsonWriter(TextSink out, Arguments arguments) {
    this.out = out;
    this.ascii = arguments.flag(0, "ensure_ascii");
    this.indent = arguments.integer(1, "indent", -1);
    List<Object> separators =
        Values.elements(
            arguments.get(2, "separators", Undefined.VALUE) == null
                ? Undefined.VALUE
                : arguments.get(2, "separators", Undefined.VALUE));
    this.separator =
        separators.size() == 2 ? Values.string(separators.get(0)) : indent < 0 ? ", " : ",";
    this.colon = separators.size() == 2 ? Values.string(separators.get(1)) : ": ";
    this.sorted = arguments.flag(3, "sort_keys");
    if (indent > 100) {
      throw new TemplateException("tojson with an indent of " + indent);
    }
  }

  /** The filter {@code tojson} as transformers defines it, which escapes nothing for HTML. */
  static Object filter(Object value, Arguments arguments, Budget budget) {
    TextSink out = new TextSink(budget);
    new JsonWriter(out, arguments).write(value);
    return out.toString();
  }

  private void write(Object value) {
    if (++depth > Budget.MAX_DEPTH) {
      throw Budget.tooDeep();
    }
    if (value instanceof Map<?, ?> map) {
      object(map);
    } else if (value instanceof List<?> list) {
      array(list);
    } else {
      out.write(scalar(value));
    }
    depth--;
  }

  private void object(Map<?, ?> map) {
    Map<?, ?> entries = sorted ? new TreeMap<>(map) : map;
    out.write("{");
    String before = "";
    for (Map.Entry<?, ?> entry : entries.entrySet()) {
      out.write(before + line(depth) + quoted(key(entry.getKey())) + colon);
      write(entry.getValue());
      before = separator;
    }
    out.write((map.isEmpty() ? "" : line(depth - 1)) + "}");
  }

  private void array(List<?> list) {
    out.write("[");
    String before = "";
    for (Object element : list) {
      out.write(before + line(depth));
      write(element);
      before = separator;
    }
    out.write((list.isEmpty() ? "" : line(depth - 1)) + "]");
  }

  private String line(int level) {
    return indent < 0 ? "" : "\n" + " ".repeat(indent * level);
  }

  private static String key(Object key) {
    return key instanceof String text ? text : scalarText(key);
  }

  private String scalar(Object value) {
    return value instanceof String text ? quoted(text) : scalarText(value);
  }

  private static String scalarText(Object value) {
    if (value == null || value instanceof Boolean || Values.isWhole(value)) {
      return String.valueOf(value);
    }
    if (value instanceof Double number) {
      return Double.isNaN(number)
          ? "NaN"
          : Double.isInfinite(number)
              ? number > 0 ? "Infinity" : "-Infinity"
              : Representation.number(number);
    }
    throw new TemplateException(Values.kind(value) + " cannot be written as JSON");
  }

  private String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\b' -> quoted.append("\\b");
        case '\f' -> quoted.append("\\f");
        default -> {
          boolean escaped = c < ' ' || ascii && c > '~';
          quoted.append(escaped ? "\\u%04x".formatted((int) c) : String.valueOf(c));
        }
      }
    }
    return quoted.append('"').toString();
  }
}
