package org.alphaquant.storage.gguf;

/**
 * A text for patterns of strangers: reading it too often, as backtracking without end does, ends
 * the match with an exception.
 *
 * @param reads shared by the texts that are cut from one
 */
record BoundedText(String text, Reads reads) implements CharSequence {

  /** Counts what all patterns of one tokenizer read. */
  static final class Reads {
    private static final long MOST = 2_000_000;
    private long count;

    private void one() {
      if (++count > MOST) {
        throw new GgufException(
            "tokenizer.json",
            "has patterns that read a text of a few hundred characters more than %,d times"
                .formatted(MOST));
      }
    }
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public char charAt(int index) {
    reads.one();
    return text.charAt(index);
  }

  @Override
  public CharSequence subSequence(int from, int to) {
    return text.substring(from, to);
  }

  @Override
  public String toString() {
    return text;
  }
}
