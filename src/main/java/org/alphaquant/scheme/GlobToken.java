package org.alphaquant.scheme;

import java.util.BitSet;

/** One element of a glob. */
sealed interface GlobToken {

  /** Whether the element matches this character. */
  boolean accepts(char character);

  /** {@code *}: any number of any characters, dots among them. */
  record Star() implements GlobToken {
    @Override
    public boolean accepts(char character) {
      return true;
    }
  }

  /** {@code ?}: any one character. */
  record Any() implements GlobToken {
    @Override
    public boolean accepts(char character) {
      return true;
    }
  }

  record Literal(char literal) implements GlobToken {
    @Override
    public boolean accepts(char character) {
      return character == literal;
    }
  }

  /** {@code [seq]} or {@code [!seq]}; matches in one step, however long the sequence is. */
  record Class(boolean negated, BitSet characters) implements GlobToken {
    @Override
    public boolean accepts(char character) {
      return negated != characters.get(character);
    }
  }
}
