package org.alphaquant.scheme;

import java.util.List;

/** One element of a glob. */
sealed interface GlobToken {

  /** Whether the element can stand for this one character. */
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

  /** {@code [seq]} or {@code [!seq]}. */
  record Class(boolean negated, List<Range> ranges) implements GlobToken {
    @Override
    public boolean accepts(char character) {
      return negated != ranges.stream().anyMatch(range -> range.contains(character));
    }
  }

  /** Characters from first to last, both included. */
  record Range(char first, char last) {
    boolean contains(char character) {
      return first <= character && character <= last;
    }
  }
}
