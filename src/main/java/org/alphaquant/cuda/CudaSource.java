package org.alphaquant.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * CUDA C that is compiled as one text.
 *
 * @param name what errors call it
 * @param parts files below {@code resources/cuda}, each with what those after it need
 */
public record CudaSource(String name, List<String> parts) {

  private static final String FOLDER = "cuda/";

  public CudaSource {
    parts = List.copyOf(parts);
  }

  /** A source of one file. */
  public static CudaSource of(String file) {
    return new CudaSource(file, List.of(file));
  }

  /**
   * All parts in their order, with an empty line between each two.
   *
   * @throws IOException if the class path lacks one
   */
  public String text() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String part : parts) {
      text.append(text.isEmpty() ? "" : "\n").append(read(part));
    }
    return text.toString();
  }

  private static String read(String part) throws IOException {
    try (InputStream text = CudaSource.class.getClassLoader().getResourceAsStream(FOLDER + part)) {
      if (text == null) {
        throw new IOException("the class path has no " + FOLDER + part);
      }
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
