package org.alphaquant.api.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import tools.jackson.databind.json.JsonMapper;

/** Makes problems into answers, inside Spring MVC and below it. */
public final class Problems {

  private static final JsonMapper JSON = JsonMapper.shared();

  private Problems() {}

  /** Sets the media type, because clients that accept no JSON get a problem too. */
  public static ResponseEntity<Object> response(ProblemDetails problem, HttpHeaders headers) {
    return ResponseEntity.status(problem.status())
        .headers(headers)
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(problem);
  }

  public static void write(
      ProblemType type, String detail, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    byte[] body = body(ProblemDetails.of(type, detail, List.of(), about(request)));
    response.setStatus(type.status().value());
    response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  /** JSON and a newline, as other answers are. */
  public static byte[] body(ProblemDetails problem) {
    return (JSON.writeValueAsString(problem) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  public static ProblemDetails.Request about(HttpServletRequest request) {
    return new ProblemDetails.Request(path(request), RequestId.of(request));
  }

  private static String path(HttpServletRequest request) {
    Object original = request.getAttribute("jakarta.servlet.error.request_uri");
    return original == null ? request.getRequestURI() : (String) original;
  }
}
