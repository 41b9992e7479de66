package org.alphaquant.upload;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Checks by its first bytes whether a file can hold texts. */
final class TextBytes {

  private static final int[][] MAGIC = {
    {'P', 'A', 'R', '1'}, {0x1f, 0x8b}, {0x28, 0xb5, 0x2f, 0xfd}
  };

  private TextBytes() {}

  static boolean mayBe(byte[] begin) {
    for (int[] magic : MAGIC) {
      if (startsWith(begin, magic)) {
        return true;
      }
    }
    return begin.length > 0 && isText(begin);
  }

  private static boolean startsWith(byte[] bytes, int[] magic) {
    if (bytes.length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((bytes[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  // The last character may be cut off, which is no error.
  private static boolean isText(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return false;
      }
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
    return !decoder
        .decode(ByteBuffer.wrap(bytes), CharBuffer.allocate(bytes.length + 1), false)
        .isError();
  }
}
