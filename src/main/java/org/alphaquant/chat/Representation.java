package org.alphaquant.chat;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Values as Python's {@code repr} writes them, which is how templates print all but texts. */
final class Representation {

  private final StringBuilder out = new StringBuilder();
  private int depth;

  private Representation() {}

  static String of(Object value) {
    Representation representation = new Representation();
    representation.add(value);
    return representation.out.toString();
  }

  private void add(Object value) {
    if (++depth > Budget.MAX_DEPTH) {
      throw Budget.tooDeep();
    }
    if (value instanceof Map<?, ?> map) {
      add(map);
    } else if (value instanceof List<?> list) {
      add(list);
    } else {
      out.append(scalar(value));
    }
    if (out.length() > Budget.MAX_CHARACTERS) {
      throw new TemplateException("a value is too long to be written");
    }
    depth--;
  }

  private void add(Map<?, ?> map) {
    String separator = "{";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      add(entry.getKey());
      out.append(": ");
      add(entry.getValue());
      separator = ", ";
    }
    out.append(map.isEmpty() ? "{}" : "}");
  }

  private void add(List<?> list) {
    boolean tuple = list instanceof Tuple;
    String separator = tuple ? "(" : "[";
    for (Object element : list) {
      out.append(separator);
      add(element);
      separator = ", ";
    }
    out.append(list.isEmpty() ? separator : "");
    out.append(tuple ? list.size() == 1 ? ",)" : ")" : "]");
  }

  private static String scalar(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean truth) {
      return truth ? "True" : "False";
    }
    if (value instanceof Double number) {
      return number(number);
    }
    if (value instanceof String text) {
      return quoted(text);
    }
    return value == Undefined.VALUE
        ? "Undefined"
        : Values.isWhole(value) ? value.toString() : "<" + Values.kind(value) + ">";
  }

  /** A number as Python writes it: plain from 1e-4 up to 1e16, else with an exponent. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    double size = Math.abs(value);
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    if (size != 0 && (size < 1e-4 || size >= 1e16)) {
      int exponent = decimal.precision() - decimal.scale() - 1;
      String digits = decimal.movePointLeft(exponent).stripTrailingZeros().toPlainString();
      return "%se%s%02d".formatted(digits, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
    String plain = decimal.toPlainString();
    String sign = size == 0 && 1 / value < 0 ? "-" : "";
    return sign + (plain.contains(".") ? plain : plain + ".0");
  }

  private static String quoted(String text) {
    String quote = text.contains("'") && !text.contains("\"") ? "\"" : "'";
    StringBuilder quoted = new StringBuilder(quote);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                  if (c == quote.charAt(0)) {
                    quoted.append('\\').append(quote);
                  } else if (c < ' ' || c == 127) {
                    quoted.append("\\x%02x".formatted(c));
                  } else {
                    quoted.appendCodePoint(c);
                  }
                }
              }
            });
    return quoted.append(quote).toString();
  }
}
