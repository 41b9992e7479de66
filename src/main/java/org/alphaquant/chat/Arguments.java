package org.alphaquant.chat;

import java.util.List;
import java.util.Map;

/**
 * The arguments of a call.
 *
 * @param positional values by place
 * @param named values by name, in the order written
 */
record Arguments(List<Object> positional, Map<String, Object> named) {

  static final Arguments NONE = new Arguments(List.of(), Map.of());

  int size() {
    return positional.size();
  }

  /** The argument at that place or of that name, else the other value. */
  Object get(int place, String name, Object otherwise) {
    if (place < positional.size()) {
      return positional.get(place);
    }
    return named.containsKey(name) ? named.get(name) : otherwise;
  }

  Object required(int place, String name) {
    if (place >= positional.size() && !named.containsKey(name)) {
      throw new TemplateException("argument '" + name + "' is missing in a call");
    }
    return get(place, name, null);
  }

  String text(int place, String name) {
    return Values.string(required(place, name));
  }

  int integer(int place, String name, int otherwise) {
    Object value = get(place, name, null);
    return value == null ? otherwise : Values.integer(value);
  }

  boolean flag(int place, String name) {
    return Values.isTrue(get(place, name, false));
  }

  /** The rest after the first few by place. */
  Arguments after(int count) {
    return new Arguments(positional.subList(Math.min(count, size()), size()), named);
  }
}
