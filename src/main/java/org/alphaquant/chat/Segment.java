package org.alphaquant.chat;

import java.util.List;

/** A template in pieces: text as it is, and tags. */
sealed interface Segment {

  record Text(String text) implements Segment {}

  /** {@code {{ … }}}. */
  record Output(List<Token> tokens) implements Segment {}

  /** {@code {% … %}}; has a name at least. */
  record Tag(List<Token> tokens) implements Segment {
    String name() {
      return tokens.get(0).text();
    }
  }
}
