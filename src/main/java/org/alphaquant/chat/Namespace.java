package org.alphaquant.chat;

import java.util.HashMap;
import java.util.Map;

/** The one kind of value that a template can change: what {@code namespace()} gives. */
final class Namespace {

  private final Map<String, Object> values = new HashMap<>();

  Object get(String name) {
    return values.getOrDefault(name, Undefined.VALUE);
  }

  void put(String name, Object value) {
    values.put(name, value);
  }
}
