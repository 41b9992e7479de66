package org.alphaquant.chat;

/**
 * A word of a tag.
 *
 * @param text the word; of a string its content
 */
record Token(Kind kind, String text) {

  enum Kind {
    NAME,
    STRING,
    NUMBER,
    OPERATOR,
    END
  }

  boolean is(String word) {
    return (kind == Kind.OPERATOR || kind == Kind.NAME) && text.equals(word);
  }

  @Override
  public String toString() {
    return kind == Kind.END ? "the tag's end" : "'" + text + "'";
  }
}
