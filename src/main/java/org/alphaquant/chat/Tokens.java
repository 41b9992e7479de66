package org.alphaquant.chat;

import java.util.List;

/** A cursor over the tokens of one tag. */
final class Tokens {

  private static final Token END = new Token(Token.Kind.END, "");

  private final List<Token> tokens;
  private int next;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return peek(0);
  }

  Token peek(int ahead) {
    return next + ahead < tokens.size() ? tokens.get(next + ahead) : END;
  }

  Token take() {
    Token token = peek();
    next++;
    return token;
  }

  boolean at(String word) {
    return peek().is(word);
  }

  boolean at(Token.Kind kind) {
    return peek().kind() == kind;
  }

  boolean take(String word) {
    boolean there = at(word);
    next += there ? 1 : 0;
    return there;
  }

  void require(String word) {
    if (!take(word)) {
      throw new TemplateException("expected '%s' instead of %s".formatted(word, peek()));
    }
  }

  String name() {
    if (!at(Token.Kind.NAME)) {
      throw new TemplateException("expected a name instead of " + peek());
    }
    return take().text();
  }

  void end() {
    if (!at(Token.Kind.END)) {
      throw new TemplateException("unexpected " + peek() + " in a tag");
    }
  }
}
