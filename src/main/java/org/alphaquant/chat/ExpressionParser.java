package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads operators by their precedence, loosest first: {@code if else}, {@code or}, {@code and},
 * {@code not}, comparison, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, signs.
 */
final class ExpressionParser {

  private static final List<String> COMPARISONS = List.of("==", "!=", "<", ">", "<=", ">=", "in");

  private final Tokens tokens;
  private final OperandParser operands;
  private int depth;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    this.operands = new OperandParser(tokens, this);
  }

  /** One expression, or several with commas between, which are a list. */
  Expression list() {
    Expression first = expression();
    return tokens.at(",") ? listAfter(first, "") : first;
  }

  /** The rest of a list up to a closing word; an empty one means the tag's end. */
  Expression listAfter(Expression first, String close) {
    List<Expression> elements = new ArrayList<>(List.of(first));
    while (tokens.take(",")) {
      if (!tokens.at(Token.Kind.END) && !tokens.at(close) && !tokens.at("=")) {
        elements.add(expression());
      }
    }
    return scope -> new Tuple(Expression.all(elements, scope));
  }

  Expression expression() {
    if (++depth > Budget.MAX_DEPTH) {
      throw Budget.tooDeep();
    }
    Expression value = condition();
    while (tokens.take("if")) {
      value = choice(value, condition());
    }
    depth--;
    return value;
  }

  private Expression choice(Expression then, Expression condition) {
    Expression otherwise = tokens.take("else") ? expression() : scope -> Undefined.VALUE;
    return scope ->
        Values.isTrue(condition.evaluate(scope)) ? then.evaluate(scope) : otherwise.evaluate(scope);
  }

  /** An expression in which a following {@code if} does not belong. */
  Expression condition() {
    Expression left = and();
    while (tokens.take("or")) {
      Expression first = left;
      Expression second = and();
      left =
          scope -> {
            Object value = first.evaluate(scope);
            return Values.isTrue(value) ? value : second.evaluate(scope);
          };
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.take("and")) {
      Expression first = left;
      Expression second = not();
      left =
          scope -> {
            Object value = first.evaluate(scope);
            return Values.isTrue(value) ? second.evaluate(scope) : value;
          };
    }
    return left;
  }

  private Expression not() {
    boolean negative = false;
    boolean any = false;
    while (tokens.take("not")) {
      negative = !negative;
      any = true;
    }
    Expression value = comparison();
    boolean wanted = !negative;
    return any ? scope -> Values.isTrue(value.evaluate(scope)) == wanted : value;
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    for (String operator = comparator(); operator != null; operator = comparator()) {
      operators.add(operator);
      others.add(sum());
    }
    return operators.isEmpty() ? first : scope -> compare(first, operators, others, scope);
  }

  private String comparator() {
    if (tokens.at("not") && tokens.peek(1).is("in")) {
      tokens.take();
      tokens.take();
      return "not in";
    }
    return COMPARISONS.stream().filter(tokens::take).findFirst().orElse(null);
  }

  private static boolean compare(
      Expression first, List<String> operators, List<Expression> others, Scope scope) {
    Object left = first.evaluate(scope);
    for (int i = 0; i < operators.size(); i++) {
      Object right = others.get(i).evaluate(scope);
      if (!Comparison.holds(operators.get(i), left, right, scope.budget())) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Expression sum() {
    Expression left = concatenation();
    while (tokens.at("+") || tokens.at("-")) {
      left = arithmetic(tokens.take().text(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    Expression left = product();
    while (tokens.take("~")) {
      Expression first = left;
      Expression second = product();
      left =
          scope ->
              scope
                  .budget()
                  .made(
                      Values.text(first.evaluate(scope))
                          .concat(Values.text(second.evaluate(scope))));
    }
    return left;
  }

  private Expression product() {
    Expression left = power();
    while (tokens.at("*") || tokens.at("/") || tokens.at("//") || tokens.at("%")) {
      left = arithmetic(tokens.take().text(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = operands.signed(true);
    while (tokens.take("**")) {
      left = arithmetic("**", left, operands.signed(true));
    }
    return left;
  }

  private static Expression arithmetic(String operator, Expression left, Expression right) {
    return scope -> {
      scope.budget().step();
      return Arithmetic.result(
          operator, left.evaluate(scope), right.evaluate(scope), scope.budget());
    };
  }
}
