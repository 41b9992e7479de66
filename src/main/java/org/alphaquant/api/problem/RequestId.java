package org.alphaquant.api.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.UUID;
import java.util.regex.Pattern;

/** The id of a request, which its answer, its problem and its log lines carry. */
public final class RequestId {

  /** The header that a client may send and every answer has. */
  public static final String HEADER = "X-Request-Id";

  private static final String ATTRIBUTE = RequestId.class.getName();

  // Goes into logs and headers, so nothing that could break a line of either.
  private static final Pattern ACCEPTED = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private RequestId() {}

  /** Gives a request and its answer their id. */
  public static String mark(HttpServletRequest request, HttpServletResponse response) {
    String id = accepted(request.getHeader(HEADER));
    request.setAttribute(ATTRIBUTE, id);
    response.setHeader(HEADER, id);
    return id;
  }

  /** The request's id; a new one where it was given none. */
  static String of(HttpServletRequest request) {
    Object id = request.getAttribute(ATTRIBUTE);
    return id == null ? fresh() : (String) id;
  }

  public static String fresh() {
    return UUID.randomUUID().toString();
  }

  private static String accepted(String given) {
    return given != null && ACCEPTED.matcher(given).matches() ? given : fresh();
  }
}
