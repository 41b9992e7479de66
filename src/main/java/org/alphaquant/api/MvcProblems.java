package org.alphaquant.api;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.stream.Collectors;
import org.alphaquant.api.json.JsonTypes;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.problem.Problem;
import org.springframework.beans.TypeMismatchException;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.util.MimeType;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;

/** Says in the client's terms what Spring MVC refused. */
final class MvcProblems {

  private MvcProblems() {}

  static ProblemException of(
      Exception e, HttpHeaders headers, HttpStatusCode status, HttpServletRequest request) {
    if (e instanceof TypeMismatchException mismatch) {
      return new ProblemException(ProblemType.INVALID_PARAMETER, List.of(fault(mismatch)));
    }
    if (e instanceof HandlerMethodValidationException invalid) {
      return new ProblemException(ProblemType.INVALID_PARAMETER, faults(invalid));
    }
    if (e instanceof MissingServletRequestParameterException missing) {
      Problem fault = Problem.error("missing", missing.getParameterName(), null, "is missing");
      return new ProblemException(ProblemType.INVALID_PARAMETER, List.of(fault));
    }
    ProblemType type =
        e instanceof HttpMessageNotReadableException
            ? ProblemType.MALFORMED_JSON
            : ProblemType.ofStatus(status.value());
    return new ProblemException(type, detail(e, status, request), List.of(), headers);
  }

  private static String detail(Exception e, HttpStatusCode status, HttpServletRequest request) {
    if (e instanceof HttpRequestMethodNotSupportedException method) {
      return "%s is not possible at %s; possible is %s."
          .formatted(method.getMethod(), request.getRequestURI(), method.getSupportedHttpMethods());
    }
    if (e instanceof HttpMediaTypeNotSupportedException type) {
      return "The Content-Type is %s, but must be %s."
          .formatted(given(request), names(type.getSupportedMediaTypes()));
    }
    if (e instanceof HttpMediaTypeNotAcceptableException type) {
      return "Accept is %s, but only %s can be produced."
          .formatted(request.getHeader(HttpHeaders.ACCEPT), names(type.getSupportedMediaTypes()));
    }
    if (e instanceof HttpMessageNotReadableException) {
      return "The body is missing or cannot be read.";
    }
    return status.value() == 404
        ? "There is nothing at %s; openapi.yaml lists the paths.".formatted(request.getRequestURI())
        : "The request failed with status " + status.value() + ".";
  }

  private static Problem fault(TypeMismatchException mismatch) {
    String name =
        mismatch instanceof MethodArgumentTypeMismatchException argument
            ? argument.getName()
            : mismatch.getPropertyName();
    Class<?> type = wanted(mismatch);
    List<String> values = type == null ? null : JsonTypes.values(type);
    return Problem.error(
            "wrong-type",
            name,
            mismatch.getValue(),
            type == null ? "cannot be read" : "must be " + JsonTypes.name(type))
        .allowing(values == null ? List.of() : values);
  }

  /** For a list, the type of its elements, which only the innermost failure knows. */
  private static Class<?> wanted(TypeMismatchException mismatch) {
    Class<?> type = mismatch.getRequiredType();
    for (Throwable cause = mismatch; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConversionFailedException failed) {
        type = failed.getTargetType().getType();
      }
    }
    return type;
  }

  private static List<Problem> faults(HandlerMethodValidationException invalid) {
    return invalid.getParameterValidationResults().stream()
        .flatMap(
            result ->
                result.getResolvableErrors().stream()
                    .map(
                        error ->
                            Problem.error(
                                "out-of-range",
                                result.getMethodParameter().getParameterName(),
                                result.getArgument(),
                                error.getDefaultMessage())))
        .toList();
  }

  private static String given(HttpServletRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return type == null ? "missing" : type;
  }

  private static String names(List<MediaType> types) {
    return types.stream().map(MimeType::toString).distinct().collect(Collectors.joining(", "));
  }
}
