package org.alphaquant.api.edge;

import java.io.IOException;

/** The request body is longer than the service reads. */
public final class BodyTooLargeException extends IOException {

  BodyTooLargeException(long limit) {
    super("The body may have at most " + limit + " bytes.");
  }
}
