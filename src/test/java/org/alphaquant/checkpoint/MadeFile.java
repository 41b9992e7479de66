package org.alphaquant.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files made byte by byte, so that the tests do not rely on the writer. */
final class MadeFile {

  private MadeFile() {}

  /** The file that the format's rules prescribe for this header and so many zero bytes of data. */
  static Path write(Path file, String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return write(file, json.length, json, new byte[dataBytes]);
  }

  static Path write(Path file, long headerLength, byte[] header, byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(headerLength)
            .array());
    bytes.write(header);
    bytes.write(data);
    return Files.write(file, bytes.toByteArray());
  }

  static String tensor(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  /** A complete file that holds U8 tensors of one byte each. */
  static Path withTensors(Path file, String... names) throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < names.length; i++) {
      header.append(i == 0 ? "" : ",").append(tensor(names[i], "U8", "[1]", i, i + 1));
    }
    return write(file, header.append("}").toString(), names.length);
  }
}
