package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses operands: values with their attributes, items, calls and filters. */
final class OperandParser {

  // Words that may follow a test without being its argument.
  private static final Set<String> NO_ARGUMENT =
      Set.of("else", "or", "and", "is", "if", "in", "not");

  private final Tokens tokens;
  private final ExpressionParser expressions;

  OperandParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** A value with its sign, and with its filters where those belong to it. */
  Expression signed(boolean filtered) {
    Expression value;
    if (tokens.take("-")) {
      Expression positive = signed(false);
      value = scope -> Arithmetic.negative(positive.evaluate(scope));
    } else if (tokens.take("+")) {
      value = signed(false);
    } else {
      value = followed(primary());
    }
    return filtered ? filtered(value) : value;
  }

  private Expression primary() {
    Token token = tokens.take();
    return switch (token.kind()) {
      case STRING -> constant(strings(token.text()));
      case NUMBER -> constant(Arithmetic.number(token.text()));
      case NAME -> named(token.text());
      case OPERATOR -> bracketed(token);
      case END -> throw new TemplateException("a tag ends where a value should be");
    };
  }

  private String strings(String first) {
    StringBuilder all = new StringBuilder(first);
    while (tokens.at(Token.Kind.STRING)) {
      all.append(tokens.take().text());
    }
    return all.toString();
  }

  private static Expression constant(Object value) {
    return scope -> value;
  }

  private static Expression named(String name) {
    return switch (name) {
      case "true", "True" -> constant(true);
      case "false", "False" -> constant(false);
      case "none", "None" -> constant(null);
      default -> scope -> scope.get(name);
    };
  }

  private Expression bracketed(Token token) {
    return switch (token.text()) {
      case "(" -> parentheses();
      case "[" -> {
        List<Expression> elements = arguments("]").positional();
        yield scope -> Expression.all(elements, scope);
      }
      case "{" -> map();
      default -> throw new TemplateException("unexpected " + token + " where a value should be");
    };
  }

  private Expression parentheses() {
    if (tokens.take(")")) {
      return scope -> Tuple.of();
    }
    Expression first = expressions.expression();
    Expression all = tokens.at(",") ? expressions.listAfter(first, ")") : first;
    tokens.require(")");
    return all;
  }

  private Expression map() {
    Map<Expression, Expression> entries = new LinkedHashMap<>();
    while (!tokens.take("}")) {
      Expression key = expressions.expression();
      tokens.require(":");
      entries.put(key, expressions.expression());
      if (!tokens.at("}")) {
        tokens.require(",");
      }
    }
    return scope -> {
      Map<Object, Object> map = new LinkedHashMap<>();
      scope.budget().elements(entries.size());
      entries.forEach((key, value) -> map.put(key(key.evaluate(scope)), value.evaluate(scope)));
      return map;
    };
  }

  private static Object key(Object value) {
    if (!Comparison.isKey(value)) {
      throw new TemplateException(Values.kind(value) + " cannot be a key");
    }
    return value;
  }

  /** Attributes, subscripts and calls. */
  private Expression followed(Expression value) {
    Expression result = value;
    while (true) {
      if (tokens.take(".")) {
        result = attribute(result, tokens.take());
      } else if (tokens.take("[")) {
        result = subscript(result);
      } else if (tokens.take("(")) {
        result = call(result, arguments(")"));
      } else {
        return result;
      }
    }
  }

  private static Expression attribute(Expression owner, Token name) {
    return switch (name.kind()) {
      case NAME ->
          scope -> Attributes.attribute(owner.evaluate(scope), name.text(), scope.budget());
      case NUMBER -> {
        Object place = Arithmetic.number(name.text());
        yield scope -> Attributes.item(owner.evaluate(scope), place, scope.budget());
      }
      default -> throw new TemplateException("expected a name after a dot instead of " + name);
    };
  }

  private Expression subscript(Expression owner) {
    Expression[] bounds = {constant(null), constant(null), constant(null)};
    int colons = 0;
    while (!tokens.at("]") && colons < 3) {
      if (!tokens.at(":")) {
        bounds[colons] = expressions.list();
      }
      colons += tokens.at("]") ? 0 : 1;
      if (!tokens.at("]")) {
        tokens.require(":");
      }
    }
    tokens.require("]");
    if (colons == 0) {
      return scope ->
          Attributes.item(owner.evaluate(scope), bounds[0].evaluate(scope), scope.budget());
    }
    return scope ->
        Slices.slice(
            owner.evaluate(scope),
            bounds[0].evaluate(scope),
            bounds[1].evaluate(scope),
            bounds[2].evaluate(scope),
            scope.budget());
  }

  private static Expression call(Expression function, Expression.Call arguments) {
    return scope -> {
      scope.budget().step();
      if (function.evaluate(scope) instanceof Callable callable) {
        return callable.call(arguments.evaluate(scope));
      }
      throw new TemplateException("a template calls what is no function");
    };
  }

  /** Arguments up to the closing bracket; of a list, which has no names, its elements. */
  Expression.Call arguments(String close) {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.take(close)) {
      if (tokens.at(Token.Kind.NAME) && tokens.peek(1).is("=")) {
        String name = tokens.name();
        tokens.require("=");
        named.put(name, expressions.expression());
      } else if (tokens.take("*")) {
        positional.add(new Expression.Spread(expressions.expression()));
      } else {
        positional.add(expressions.expression());
      }
      if (!tokens.at(close)) {
        tokens.require(",");
      }
    }
    return new Expression.Call(positional, named);
  }

  /** The value with the filters, tests and calls that follow it. */
  Expression filtered(Expression value) {
    Expression result = value;
    while (true) {
      if (tokens.take("|")) {
        result = filter(result);
      } else if (tokens.take("is")) {
        result = test(result);
      } else if (tokens.take("(")) {
        result = call(result, arguments(")"));
      } else {
        return result;
      }
    }
  }

  /** One filter by its name and arguments. */
  Expression filter(Expression value) {
    Filter filter = Filters.named(tokens.name());
    Expression.Call call = tokens.take("(") ? arguments(")") : Expression.Call.EMPTY;
    return scope -> {
      Object input = value.evaluate(scope);
      scope.budget().read(input);
      return filter.apply(input, call.evaluate(scope), scope.budget());
    };
  }

  private Expression test(Expression value) {
    boolean wanted = !tokens.take("not");
    ValueTest test = ValueTests.named(tokens.name());
    Expression.Call call =
        tokens.take("(")
            ? arguments(")")
            : hasArgument()
                ? new Expression.Call(List.of(followed(primary())), Map.of())
                : Expression.Call.EMPTY;
    return scope -> {
      scope.budget().step();
      return test.holds(value.evaluate(scope), call.evaluate(scope), scope.budget()) == wanted;
    };
  }

  private boolean hasArgument() {
    return switch (tokens.peek().kind()) {
      case STRING, NUMBER -> true;
      case NAME -> !NO_ARGUMENT.contains(tokens.peek().text());
      case OPERATOR -> tokens.at("[") || tokens.at("{");
      case END -> false;
    };
  }
}
