package org.alphaquant.chat;

/** Filters that lay texts out. */
final class TextFilters {
  private TextFilters() {}

  static Object indent(Object value, Arguments arguments, Budget budget) {
    Object width = arguments.get(0, "width", 4L);
    budget.characters(width instanceof String ? 0 : Math.abs((long) Values.integer(width)));
    String by =
        width instanceof String text ? text : " ".repeat(Math.max(0, Values.integer(width)));
    boolean first = arguments.flag(1, "first");
    boolean blank = arguments.flag(2, "blank");
    String[] lines = Values.text(value).split("\n", -1);
    budget.characters((long) by.length() * lines.length);
    StringBuilder indented = new StringBuilder();
    for (int i = 0; i < lines.length; i++) {
      boolean moved = (i > 0 || first) && (blank || i == 0 || !lines[i].isEmpty());
      indented.append(i > 0 ? "\n" : "").append(moved ? by : "").append(lines[i]);
    }
    return budget.made(indented.toString());
  }

  static Object escape(Object value, Arguments arguments, Budget budget) {
    return budget.made(
        Values.text(value)
            .replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("\"", "&#34;")
            .replace("'", "&#39;"));
  }

  static Object center(Object value, Arguments arguments, Budget budget) {
    String text = Values.text(value);
    int room = Math.max(0, arguments.integer(0, "width", 80) - (int) Values.length(text));
    budget.characters(room);
    int left = room / 2 + (room % 2 != 0 && (room + Values.length(text)) % 2 != 0 ? 1 : 0);
    return " ".repeat(left) + text + " ".repeat(room - left);
  }
}
