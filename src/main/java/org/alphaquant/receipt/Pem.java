package org.alphaquant.receipt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text with base64 between two lines that name its type (RFC 7468). */
final class Pem {
  private static final int LINE = 64;
  private static final long LONGEST = 1 << 16;

  private Pem() {}

  static byte[] read(Path file, String type) {
    String text = text(file);
    Matcher block =
        Pattern.compile(
                "-----BEGIN %1$s-----(.*?)-----END %1$s-----".formatted(type), Pattern.DOTALL)
            .matcher(text);
    if (!block.find()) {
      throw new ReceiptException("%s has no block \"BEGIN %s\"".formatted(file, type));
    }
    try {
      return Base64.getMimeDecoder().decode(block.group(1).strip());
    } catch (IllegalArgumentException e) {
      throw new ReceiptException("the block %s of %s is not base64".formatted(type, file), e);
    }
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > LONGEST) {
        throw new ReceiptException("%s is longer than %d bytes".formatted(file, LONGEST));
      }
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new ReceiptException(file + " cannot be read: " + e, e);
    }
  }

  static String text(String type, byte[] encoded) {
    byte[] newline = {'\n'};
    return "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n"
        .formatted(type, Base64.getMimeEncoder(LINE, newline).encodeToString(encoded))
        .replace("\r\n", "\n");
  }
}
