package org.alphaquant.api;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** Turns every exception that leaves a controller into a problem. */
@RestControllerAdvice
class ProblemAdvice extends ResponseEntityExceptionHandler {

  private static final Logger LOG = LoggerFactory.getLogger(ProblemAdvice.class);

  private final ApiSettings settings;

  ProblemAdvice(ApiSettings settings) {
    this.settings = settings;
  }

  @ExceptionHandler
  ResponseEntity<Object> problem(ProblemException e, HttpServletRequest request) {
    Problem problem = Problem.of(e.type(), e.getMessage(), e.faults(), Problems.about(request));
    return Problems.response(problem, e.headers());
  }

  @ExceptionHandler
  ResponseEntity<Object> tooLarge(BodyTooLargeException e, HttpServletRequest request) {
    return answer(ProblemType.CONTENT_TOO_LARGE, e.getMessage(), request);
  }

  @ExceptionHandler({
    DataAccessResourceFailureException.class,
    TransientDataAccessException.class,
    QueryTimeoutException.class,
    CannotCreateTransactionException.class
  })
  ResponseEntity<Object> databaseAway(Exception e, HttpServletRequest request) {
    LOG.warn("Database away at {} {}: {}", request.getMethod(), path(request), e.toString());
    HttpHeaders headers = new HttpHeaders();
    headers.set(HttpHeaders.RETRY_AFTER, Long.toString(settings.retryAfter().toSeconds()));
    return problem(
        new ProblemException(
            ProblemType.SERVICE_UNAVAILABLE,
            "The database cannot be reached. Jobs already posted are safe; try again later.",
            List.of(),
            headers),
        request);
  }

  @ExceptionHandler
  ResponseEntity<Object> unexpected(Exception e, HttpServletRequest request) {
    LOG.error("Failed at {} {}", request.getMethod(), path(request), e);
    return answer(
        ProblemType.INTERNAL_ERROR,
        "An unexpected error; the service's log has the details under this request_id.",
        request);
  }

  @Override
  protected ResponseEntity<Object> handleExceptionInternal(
      Exception e, Object body, HttpHeaders headers, HttpStatusCode status, WebRequest webRequest) {
    HttpServletRequest request = ((ServletWebRequest) webRequest).getRequest();
    IOException tooLarge = tooLarge(e);
    if (tooLarge != null) {
      return answer(ProblemType.CONTENT_TOO_LARGE, tooLarge.getMessage(), request);
    }
    ProblemException problem = MvcProblems.of(e, headers, status, request);
    if (status.is5xxServerError()) {
      LOG.error("Failed at {} {}", request.getMethod(), path(request), e);
    }
    return problem(problem, request);
  }

  private ResponseEntity<Object> answer(
      ProblemType type, String detail, HttpServletRequest request) {
    return problem(new ProblemException(type, detail), request);
  }

  private static BodyTooLargeException tooLarge(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof BodyTooLargeException found) {
        return found;
      }
    }
    return null;
  }

  private static String path(HttpServletRequest request) {
    return request.getRequestURI();
  }
}
