package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A piece of a template that has a value. */
@FunctionalInterface
interface Expression {

  Object evaluate(Scope scope);

  /** The expression after a star in a call or a list, whose elements are taken one by one. */
  record Spread(Expression elements) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return elements.evaluate(scope);
    }
  }

  /** The arguments of a call, before they have values. */
  record Call(List<Expression> positional, Map<String, Expression> named) {
    static final Call EMPTY = new Call(List.of(), Map.of());

    Arguments evaluate(Scope scope) {
      Map<String, Object> values = new LinkedHashMap<>();
      named.forEach((name, value) -> values.put(name, value.evaluate(scope)));
      return new Arguments(all(positional, scope), values);
    }
  }

  static List<Object> all(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>();
    for (Expression expression : expressions) {
      if (expression instanceof Spread spread) {
        values.addAll(Values.elements(spread.evaluate(scope)));
      } else {
        values.add(expression.evaluate(scope));
      }
    }
    scope.budget().elements(values.size());
    return values;
  }
}
