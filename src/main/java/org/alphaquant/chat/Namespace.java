package org.alphaquant.chat;

import java.util.HashMap;
import java.util.Map;

/** The result of {@code namespace()}: the only kind of value that a template can modify. */
final class Namespace {

  private final Map<String, Object> values = new HashMap<>();

  Object get(String name) {
    return values.getOrDefault(name, Undefined.VALUE);
  }

  void put(String name, Object value) {
    values.put(name, value);
  }
}
