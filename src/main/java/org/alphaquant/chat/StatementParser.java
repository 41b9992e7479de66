package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads text, output and tags into statements. */
final class StatementParser {

  private final List<Segment> segments;
  private int next;
  private int depth;

  private StatementParser(List<Segment> segments) {
    this.segments = segments;
  }

  static List<Statement> parse(String template) {
    return new StatementParser(Segmenter.segments(template)).block();
  }

  /**
   * Parses statements up to one of these tags, which is not consumed; without tags, up to the
   * template's end.
   */
  private List<Statement> block(String... ends) {
    if (++depth > Budget.MAX_DEPTH) {
      throw Budget.tooDeep();
    }
    List<Statement> statements = new ArrayList<>();
    while (next < segments.size() && !atTag(ends)) {
      statements.add(statement(segments.get(next++)));
    }
    if (ends.length > 0 && next == segments.size()) {
      throw new TemplateException("missing " + String.join(" or ", ends));
    }
    depth--;
    return statements;
  }

  private boolean atTag(String... names) {
    return segments.get(next) instanceof Segment.Tag tag && List.of(names).contains(tag.name());
  }

  /** The tokens after the name of the next tag. */
  private Tokens tag() {
    return words((Segment.Tag) segments.get(next++));
  }

  private static Tokens words(Segment.Tag tag) {
    return new Tokens(tag.tokens().subList(1, tag.tokens().size()));
  }

  private void end(String... names) {
    if (!atTag(names)) {
      throw new TemplateException("missing " + String.join(" or ", names));
    }
    tag().end();
  }

  private Statement statement(Segment segment) {
    if (segment instanceof Segment.Text text) {
      return (scope, out) -> {
        out.write(text.text());
        return Flow.NEXT;
      };
    }
    if (segment instanceof Segment.Output output) {
      return output(new Tokens(output.tokens()));
    }
    Segment.Tag tag = (Segment.Tag) segment;
    Tokens words = words(tag);
    return switch (tag.name()) {
      case "if" -> choice(words);
      case "for" -> loop(words);
      case "set" -> assignment(words);
      case "with" -> with(words);
      case "macro" -> macro(words);
      case "call" -> callBlock(words);
      case "filter" -> filterBlock(words);
      case "generation" -> generation(words);
      case "break" -> leaving(words, Flow.BREAK);
      case "continue" -> leaving(words, Flow.CONTINUE);
      default -> throw new TemplateException("there is no tag '" + tag.name() + "'");
    };
  }

  private static Statement output(Tokens words) {
    Expression value = new ExpressionParser(words).list();
    words.end();
    return (scope, out) -> {
      out.write(Values.text(value.evaluate(scope)));
      return Flow.NEXT;
    };
  }

  private static Statement leaving(Tokens words, Flow flow) {
    words.end();
    return (scope, out) -> flow;
  }

  private static Expression only(Tokens words) {
    Expression value = new ExpressionParser(words).expression();
    words.end();
    return value;
  }

  private Statement choice(Tokens words) {
    Map<Expression, List<Statement>> branches = new LinkedHashMap<>();
    branches.put(only(words), block("elif", "else", "endif"));
    while (atTag("elif")) {
      branches.put(only(tag()), block("elif", "else", "endif"));
    }
    if (atTag("else")) {
      tag().end();
      branches.put(scope -> true, block("endif"));
    }
    end("endif");
    return (scope, out) -> {
      for (Map.Entry<Expression, List<Statement>> branch : branches.entrySet()) {
        if (Values.isTrue(branch.getKey().evaluate(scope))) {
          return Statement.runAll(branch.getValue(), scope, out);
        }
      }
      return Flow.NEXT;
    };
  }

  private Statement loop(Tokens words) {
    Target target = Target.parse(words);
    words.require("in");
    ExpressionParser expressions = new ExpressionParser(words);
    Expression first = expressions.condition();
    Expression elements = words.at(",") ? expressions.listAfter(first, "if") : first;
    Expression condition = words.take("if") ? expressions.expression() : null;
    boolean recursive = words.take("recursive");
    words.end();
    List<Statement> body = block("else", "endfor");
    List<Statement> otherwise = List.of();
    if (atTag("else")) {
      tag().end();
      otherwise = block("endfor");
    }
    end("endfor");
    return new ForLoop(target, elements, condition, recursive, body, otherwise);
  }

  private Statement assignment(Tokens words) {
    Target target = Target.parse(words);
    if (words.take("=")) {
      Expression value = new ExpressionParser(words).list();
      words.end();
      return (scope, out) -> {
        target.assign(scope, value.evaluate(scope));
        return Flow.NEXT;
      };
    }
    Expression[] captured = new Expression[1];
    OperandParser operands = new OperandParser(words, new ExpressionParser(words));
    Expression value = operands.filtered(scope -> captured[0].evaluate(scope));
    words.end();
    List<Statement> body = block("endset");
    end("endset");
    captured[0] = scope -> Statement.text(body, scope.inner());
    return (scope, out) -> {
      target.assign(scope, value.evaluate(scope));
      return Flow.NEXT;
    };
  }

  private Statement with(Tokens words) {
    Map<String, Expression> values = new LinkedHashMap<>();
    while (!words.at(Token.Kind.END)) {
      String name = words.name();
      words.require("=");
      values.put(name, new ExpressionParser(words).expression());
      words.take(",");
    }
    List<Statement> body = block("endwith");
    end("endwith");
    return (scope, out) -> {
      Scope inner = scope.inner();
      values.forEach((name, value) -> inner.put(name, value.evaluate(scope)));
      return Statement.runAll(body, inner, out);
    };
  }

  private Statement macro(Tokens words) {
    String name = words.name();
    words.require("(");
    Parameters parameters = Parameters.parse(words);
    words.end();
    List<Statement> body = block("endmacro");
    end("endmacro");
    return (scope, out) -> {
      scope.put(name, new Macro(name, parameters, body, scope));
      return Flow.NEXT;
    };
  }

  private Statement callBlock(Tokens words) {
    Parameters parameters = words.take("(") ? Parameters.parse(words) : Parameters.NONE;
    OperandParser operands = new OperandParser(words, new ExpressionParser(words));
    String name = words.name();
    words.require("(");
    Expression.Call call = operands.arguments(")");
    words.end();
    List<Statement> body = block("endcall");
    end("endcall");
    return (scope, out) -> {
      if (!(scope.get(name) instanceof Macro macro)) {
        throw new TemplateException("'" + name + "' in a call block is no macro");
      }
      Macro caller = new Macro("caller", parameters, body, scope);
      out.write(macro.calledBy(caller, call.evaluate(scope)));
      return Flow.NEXT;
    };
  }

  private Statement filterBlock(Tokens words) {
    Expression[] captured = new Expression[1];
    OperandParser operands = new OperandParser(words, new ExpressionParser(words));
    Expression value = operands.filtered(operands.filter(scope -> captured[0].evaluate(scope)));
    words.end();
    List<Statement> body = block("endfilter");
    end("endfilter");
    captured[0] = scope -> Statement.text(body, scope.inner());
    return (scope, out) -> {
      out.write(Values.text(value.evaluate(scope)));
      return Flow.NEXT;
    };
  }

  /** The tag marks the assistant's turns for training; it does not change the text. */
  private Statement generation(Tokens words) {
    words.end();
    List<Statement> body = block("endgeneration");
    end("endgeneration");
    return (scope, out) -> Statement.runAll(body, scope, out);
  }
}
