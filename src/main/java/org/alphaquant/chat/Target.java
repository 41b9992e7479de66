package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;

/**
 * What {@code set} and {@code for} assign to: names, or one attribute of a namespace.
 *
 * @param attribute null where a name itself is assigned to
 */
record Target(List<String> names, String attribute) {

  static Target parse(Tokens words) {
    boolean parentheses = words.take("(");
    List<String> names = new ArrayList<>(List.of(words.name()));
    String attribute = words.take(".") ? words.name() : null;
    while (words.take(",")) {
      names.add(words.name());
    }
    if (parentheses) {
      words.require(")");
    }
    return new Target(names, attribute);
  }

  void assign(Scope scope, Object value) {
    if (attribute != null) {
      if (!(scope.get(names.get(0)) instanceof Namespace namespace)) {
        throw new TemplateException(
            "'%s.%s' is set, but '%s' is no namespace"
                .formatted(names.get(0), attribute, names.get(0)));
      }
      namespace.put(attribute, value);
    } else if (names.size() == 1) {
      scope.put(names.get(0), value);
    } else {
      unpack(scope, Values.elements(value));
    }
  }

  private void unpack(Scope scope, List<Object> elements) {
    if (elements.size() != names.size()) {
      throw new TemplateException(
          "%d values for the %d names %s".formatted(elements.size(), names.size(), names));
    }
    for (int i = 0; i < names.size(); i++) {
      scope.put(names.get(i), elements.get(i));
    }
  }
}
