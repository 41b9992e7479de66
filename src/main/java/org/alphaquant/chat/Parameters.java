package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of a macro.
 *
 * @param defaults by place; null where a parameter has none
 */
record Parameters(List<String> names, List<Expression> defaults) {

  static final Parameters NONE = new Parameters(List.of(), List.of());

  /** Reads up to and with the closing parenthesis. */
  static Parameters parse(Tokens words) {
    List<String> names = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    while (!words.take(")")) {
      names.add(words.name());
      defaults.add(words.take("=") ? new ExpressionParser(words).expression() : null);
      if (!words.at(")")) {
        words.require(",");
      }
    }
    return new Parameters(names, defaults);
  }

  void bind(Scope scope, Arguments arguments) {
    for (int i = 0; i < names.size(); i++) {
      Object value = arguments.get(i, names.get(i), Undefined.VALUE);
      Expression otherwise = defaults.get(i);
      boolean given = i < arguments.size() || arguments.named().containsKey(names.get(i));
      scope.put(names.get(i), given || otherwise == null ? value : otherwise.evaluate(scope));
    }
  }
}
