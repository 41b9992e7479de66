package org.alphaquant.api.edge;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import org.apache.catalina.connector.Request;
import org.apache.coyote.ActionCode;

/**
 * The connection of a request, for what the Servlet API cannot say or do. To be used on the thread
 * that handles the request, after its body was read.
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
   * Whether the client has closed it; also when it closed its sending side alone. Not known, so
   * false, once the answer has begun.
   *
   * <p>Reads without blocking. At the end of the stream something is said to be available, so that
   * a reader comes and finds the end, and yet there are no bytes. The container loses the beginning
   * of a next request that came together with the body of this one, so the connection is closed
   * after the answer (RFC 9112, section 9.6).
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

  /** Closes it without the end of the body, so that no client takes a part for the whole. */
  void abort() {
    request.getCoyoteRequest().action(ActionCode.CLOSE_NOW, null);
  }
}
