package org.alphaquant.calibration;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.util.Arrays;
import java.util.stream.LongStream;

/** The special tokens that a tokenizer adds before and after a text. */
record SpecialTokens(long[] before, long[] after) {

  private static final String ANY = "a";

  static SpecialTokens of(HuggingFaceTokenizer tokenizer) {
    long[] with = tokenizer.encode(ANY, true, false).getIds();
    long[] without = tokenizer.encode(ANY, false, false).getIds();
    for (int i = 0; i + without.length <= with.length; i++) {
      int end = i + without.length;
      if (Arrays.equals(with, i, end, without, 0, without.length)) {
        return new SpecialTokens(
            Arrays.copyOf(with, i), Arrays.copyOfRange(with, end, with.length));
      }
    }
    return new SpecialTokens(new long[0], new long[0]);
  }

  /**
   * The tokens of a text between those around it; those after it only where the text is whole.
   *
   * @param most how many of the text were asked for
   */
  long[] around(long[] text, long most) {
    LongStream begun = LongStream.concat(Arrays.stream(before), Arrays.stream(text));
    return (text.length < most ? LongStream.concat(begun, Arrays.stream(after)) : begun).toArray();
  }
}
