package org.alphaquant.api.edge;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import org.apache.catalina.connector.Request;
import org.apache.coyote.ActionCode;

/**
 * The connection of a request, for operations that the Servlet API lacks. Use it on the thread that
 * handles the request, after the body was read.
 */
final class Connection {
  private static final String ATTRIBUTE = Connection.class.getName();

  private final Request request;

  private Connection(Request request) {
    this.request = request;
  }

  static void attach(Request request) {
    request.setAttribute(ATTRIBUTE, new Connection(request));
  }

  static Optional<Connection> of(HttpServletRequest request) {
    return Optional.ofNullable((Connection) request.getAttribute(ATTRIBUTE));
  }

  /**
   * Whether the client has closed the connection, or only its sending side. Always false once the
   * response has begun.
   *
   * <p>Reads without blocking. At the end of the stream the container reports available data, so
   * that a reader finds the end, but has no bytes. It loses the beginning of a pipelined request
   * that arrived together with this one, so the connection is closed after the response (RFC 9112,
   * section 9.6).
   */
  boolean isClosed() {
    if (request.getResponse().isCommitted()) {
      return false;
    }
    request.getResponse().setHeader("Connection", "close");
    return isAvailable(true) && !isAvailable(false);
  }

  private boolean isAvailable(boolean read) {
    request.getCoyoteRequest().action(ActionCode.AVAILABLE, read);
    return request.getCoyoteRequest().getAvailable() > 0;
  }

  /** Closes the connection without ending the body, so that the client notices the truncation. */
  void abort() {
    request.getCoyoteRequest().action(ActionCode.CLOSE_NOW, null);
  }
}
