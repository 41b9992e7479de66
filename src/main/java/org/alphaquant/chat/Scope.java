package org.alphaquant.chat;

import java.util.HashMap;
import java.util.Map;

/** Variables; a name not found here is looked up in the enclosing scope. */
final class Scope {

  private final Scope around;
  private final Budget budget;
  private final Map<String, Object> values = new HashMap<>();

  private Scope(Scope around, Budget budget) {
    this.around = around;
    this.budget = budget;
  }

  static Scope outermost(Budget budget) {
    return new Scope(null, budget);
  }

  Scope inner() {
    return new Scope(this, budget);
  }

  Budget budget() {
    return budget;
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.around) {
      if (scope.values.containsKey(name)) {
        return scope.values.get(name);
      }
    }
    return Undefined.VALUE;
  }

  void put(String name, Object value) {
    values.put(name, value);
  }

  void putAll(Map<String, ?> all) {
    values.putAll(all);
  }
}
