package org.alphaquant.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.net.URI;
import java.util.List;
import org.alphaquant.problem.Problem;

/** The body of every error (RFC 9457), with the members this API adds. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ProblemDetails(
    URI type,
    String title,
    int status,
    String detail,
    String instance,
    String code,
    @JsonProperty("request_id") String requestId,
    List<Problem> errors) {

  public ProblemDetails {
    errors = List.copyOf(errors);
  }

  public static ProblemDetails of(
      ProblemType type, String detail, List<Problem> faults, Request request) {
    return new ProblemDetails(
        type.uri(),
        type.title(),
        type.status().value(),
        detail,
        request.path(),
        type.code(),
        request.id(),
        faults);
  }

  /** The request a problem is about. */
  public record Request(String path, String id) {}
}
