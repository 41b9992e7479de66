package org.alphaquant.storage.gguf;

/** A GGUF file that cannot be read; names file and reason. */
public final class GgufException extends RuntimeException {

  private static final long serialVersionUID = 1;

  GgufException(String file, String problem) {
    super(file + " " + problem);
  }

  GgufException(String file, String problem, Throwable cause) {
    super(file + " " + problem, cause);
  }
}
