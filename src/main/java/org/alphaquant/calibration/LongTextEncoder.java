package org.alphaquant.calibration;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Encodes a long text piece by piece into the tokens that it has as a whole. Each piece begins
 * within the one before, between two of its tokens; where both agree on a run of tokens and on
 * their places, they are joined in the middle of that run. A piece without such a run is encoded
 * again with twice the length, at worst up to the whole text.
 */
final class LongTextEncoder {

  /** Characters of a piece; encoding takes about a hundred times that in memory. */
  static final int PIECE = 1 << 16;

  private static final int OVERLAP = 1 << 12;

  /** Tokens in a row that both pieces must have. */
  private static final int RUN = 24;

  private final HuggingFaceTokenizer tokenizer;
  private final Runnable between;
  private final int size;

  /**
   * @param between called before each piece; throws to cancel
   */
  LongTextEncoder(HuggingFaceTokenizer tokenizer, Runnable between) {
    this(tokenizer, between, PIECE);
  }

  LongTextEncoder(HuggingFaceTokenizer tokenizer, Runnable between, int size) {
    this.tokenizer = tokenizer;
    this.between = between;
    this.size = size;
  }

  /**
   * Token ids of a text that is encoded at once: of all that an encoding has, ids alone are read.
   */
  static long[] ids(HuggingFaceTokenizer tokenizer, String text, boolean special) {
    long encoding = TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, special);
    try {
      return TokenizersLibrary.LIB.getTokenIds(encoding);
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  /** Tokens {@code first..} of a piece that begins at a character of the text. */
  private record Piece(int begin, int end, long[] ids, int[] starts, int[] ends) {

    int count() {
      return ids.length;
    }

    /** Whether a token ends where the next one begins, so that a piece may begin there. */
    boolean canCutBefore(int token) {
      return token > 0 && starts[token] >= ends[token - 1] && ends[token - 1] > 0;
    }
  }

  /**
   * Token ids of the text without special tokens.
   *
   * @param most the number wanted; a longer text may return some more
   */
  long[] encode(String text, long most) {
    List<long[]> done = new ArrayList<>();
    long count = 0;
    int length = size;
    Piece piece = piece(text, 0, length);
    int from = 0;
    while (piece.end() < text.length() && count + piece.count() - from - RUN < most) {
      int cut = cut(piece, from);
      Piece next = cut < 0 ? null : piece(text, piece.begin() + piece.ends()[cut - 1], size);
      int[] joint = next == null ? null : joint(piece, next, cut);
      if (joint == null) {
        length = Math.multiplyExact(length, 2);
        piece = piece(text, piece.begin(), length);
      } else {
        done.add(Arrays.copyOfRange(piece.ids(), from, joint[0]));
        count += joint[0] - from;
        from = joint[1];
        piece = next;
        length = size;
      }
    }
    done.add(Arrays.copyOfRange(piece.ids(), from, piece.count()));
    return done.stream().flatMapToLong(Arrays::stream).toArray();
  }

  private Piece piece(String text, int begin, int length) {
    between.run();
    int end = (int) Math.min(text.length(), (long) begin + length);
    if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
      end++;
    }
    String part = text.substring(begin, end);
    long encoding = TokenizersLibrary.LIB.encode(tokenizer.getHandle(), part, false);
    try {
      return piece(part, begin, end, encoding);
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  private static Piece piece(String part, int begin, int end, long encoding) {
    CharSpan[] spans = TokenizersLibrary.LIB.getTokenCharSpans(encoding);
    int[] starts = new int[spans.length];
    int[] ends = new int[spans.length];
    int[] places = places(part);
    for (int i = 0; i < spans.length; i++) {
      starts[i] = spans[i] == null ? -1 : places[spans[i].getStart()];
      ends[i] = spans[i] == null ? -1 : places[spans[i].getEnd()];
    }
    return new Piece(begin, end, TokenizersLibrary.LIB.getTokenIds(encoding), starts, ends);
  }

  // The tokenizer counts code points, Java's strings count UTF-16 units.
  private static int[] places(String part) {
    int[] places = new int[part.codePointCount(0, part.length()) + 1];
    int at = 0;
    for (int i = 0; i < places.length; i++) {
      places[i] = at;
      at = i == places.length - 1 ? at : part.offsetByCodePoints(at, 1);
    }
    return places;
  }

  /** The token before which the next piece begins; -1 where there is none. */
  private static int cut(Piece piece, int from) {
    int overlap = Math.min(OVERLAP, (piece.end() - piece.begin()) / 2);
    int before = piece.end() - piece.begin() - overlap;
    for (int token = piece.count() - 1; token > from; token--) {
      if (piece.starts()[token] <= before && piece.canCutBefore(token)) {
        return token;
      }
    }
    return -1;
  }

  /** The middle of the longest run of equal tokens, as indices in both; null without one. */
  private static int[] joint(Piece piece, Piece next, int cut) {
    int shift = next.begin() - piece.begin();
    int[] best = null;
    int longest = RUN - 1;
    int run = 0;
    int other = 0;
    for (int token = cut; token < piece.count(); token++) {
      int place = piece.starts()[token] - shift;
      while (other < next.count() && next.starts()[other] < place) {
        other++;
      }
      boolean equal =
          other < next.count()
              && next.starts()[other] == place
              && next.ends()[other] == piece.ends()[token] - shift
              && next.ids()[other] == piece.ids()[token];
      run = equal ? run + 1 : 0;
      other = equal ? other + 1 : other;
      if (run > longest && token < piece.count() - RUN) {
        longest = run;
        best = new int[] {token + 1 - run / 2, other - run / 2};
      }
    }
    return best;
  }
}
