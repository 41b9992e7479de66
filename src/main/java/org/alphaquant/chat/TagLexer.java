package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;

/** Cuts the inside of one tag into words. */
final class TagLexer {

  private static final List<String> LONG_OPERATORS = List.of("==", "!=", "<=", ">=", "//", "**");
  private static final String OPERATORS = "+-*/%~<>=()[]{}.,:|";

  private final String source;
  private final String close;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int depth;
  private char mark = ' ';

  TagLexer(String source, int from, String close) {
    this.source = source;
    this.at = from;
    this.close = close;
  }

  List<Token> tokens() {
    while (!closed()) {
      char c = source.charAt(at);
      if (c == '\'' || c == '"') {
        string();
      } else if (Character.isDigit(c)) {
        number();
      } else if (Character.isLetter(c) || c == '_') {
        name();
      } else {
        operator();
      }
    }
    return tokens;
  }

  /** The sign before the tag's end, if it has one. */
  char mark() {
    return mark;
  }

  /** The position after the tag. */
  int end() {
    return at;
  }

  private boolean closed() {
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
    if (at >= source.length()) {
      throw new TemplateException("a tag is not closed by '" + close + "'");
    }
    char sign = source.charAt(at);
    int marked = sign == '-' || sign == '+' ? 1 : 0;
    if (depth > 0 || !source.startsWith(close, at + marked)) {
      return false;
    }
    mark = marked > 0 ? sign : ' ';
    at += marked + close.length();
    return true;
  }

  private void string() {
    StringLiteral literal = StringLiteral.at(source, at);
    at = literal.end();
    tokens.add(new Token(Token.Kind.STRING, literal.value()));
  }

  private void number() {
    int from = at;
    boolean afterName = !tokens.isEmpty() && tokens.get(tokens.size() - 1).is(".");
    while (at < source.length() && isNumberPart(afterName)) {
      at++;
    }
    tokens.add(new Token(Token.Kind.NUMBER, source.substring(from, at).replace("_", "")));
  }

  private boolean isNumberPart(boolean integer) {
    char c = source.charAt(at);
    boolean digitFollows = at + 1 < source.length() && Character.isDigit(source.charAt(at + 1));
    if (Character.isDigit(c) || c == '_' && digitFollows) {
      return true;
    }
    boolean afterE = "eE".indexOf(source.charAt(at - 1)) >= 0;
    return !integer
        && (c == '.' && digitFollows
            || (c == 'e' || c == 'E') && Character.isDigit(source.charAt(at - 1))
            || (c == '+' || c == '-') && afterE && digitFollows);
  }

  private void name() {
    int from = at;
    while (at < source.length()
        && (Character.isLetterOrDigit(source.charAt(at)) || source.charAt(at) == '_')) {
      at++;
    }
    tokens.add(new Token(Token.Kind.NAME, source.substring(from, at)));
  }

  private void operator() {
    String one = source.substring(at, at + 1);
    String operator =
        LONG_OPERATORS.stream().filter(it -> source.startsWith(it, at)).findFirst().orElse(one);
    if (operator.length() == 1 && !OPERATORS.contains(operator)) {
      throw new TemplateException("unexpected character '" + operator + "' in a tag");
    }
    depth += "([{".contains(operator) ? 1 : ")]}".contains(operator) ? -1 : 0;
    tokens.add(new Token(Token.Kind.OPERATOR, operator));
    at += operator.length();
  }
}
