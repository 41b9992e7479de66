package org.alphaquant.api;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.alphaquant.api.edge.ApiSettings;
import org.alphaquant.api.edge.BodyTooLargeException;
import org.alphaquant.api.problem.ProblemDetails;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.api.problem.Problems;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.row.QuotaExceededException;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.security.Caller;
import org.alphaquant.security.TooManyRequestsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.transaction.TransactionException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.multipart.MultipartException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.util.DisconnectedClientHelper;

/** Turns every exception that leaves a controller into a problem. */
@RestControllerAdvice
class ProblemAdvice extends ResponseEntityExceptionHandler {

  private static final Logger LOG = LoggerFactory.getLogger(ProblemAdvice.class);

  // Jobs take minutes to hours, so asking sooner is of little use.
  private static final Duration QUEUE_MAY_MOVE = Duration.ofMinutes(1);

  private final ApiSettings settings;

  ProblemAdvice(ApiSettings settings) {
    this.settings = settings;
  }

  @ExceptionHandler
  ResponseEntity<Object> problem(ProblemException e, HttpServletRequest request) {
    ProblemDetails problem =
        ProblemDetails.of(e.type(), e.getMessage(), e.faults(), Problems.about(request));
    return Problems.response(problem, e.headers());
  }

  @ExceptionHandler
  ResponseEntity<Object> tooLarge(BodyTooLargeException e, HttpServletRequest request) {
    return answer(ProblemType.CONTENT_TOO_LARGE, e.getMessage(), request);
  }

  @ExceptionHandler({DataAccessException.class, TransactionException.class})
  ResponseEntity<Object> database(Exception e, HttpServletRequest request) {
    if (!DatabaseAway.caused(e)) {
      return unexpected(e, request);
    }
    // The wrapping exceptions repeat the statement; the driver's message has the cause.
    String cause = DatabaseAway.reason(e);
    LOG.warn("Database away at {} {}: {}", request.getMethod(), path(request), cause);
    return problem(
        new ProblemException(
            ProblemType.SERVICE_UNAVAILABLE,
            "The database cannot be reached. Jobs already posted are safe; try again later.",
            List.of(),
            retryAfter(settings.retryAfter())),
        request);
  }

  @ExceptionHandler
  ResponseEntity<Object> unauthorized(AuthenticationException e, HttpServletRequest request) {
    if (e instanceof AuthenticationServiceException) {
      String cause = NestedExceptionUtils.getMostSpecificCause(e).getMessage();
      LOG.warn("No answer of the issuer at {}: {}", path(request), cause);
      return problem(
          new ProblemException(
              ProblemType.SERVICE_UNAVAILABLE,
              e.getMessage(),
              List.of(),
              retryAfter(settings.retryAfter())),
          request);
    }
    boolean refused = e instanceof BadCredentialsException;
    HttpHeaders headers = new HttpHeaders();
    // RFC 6750, section 3.1: no error where nothing was sent.
    headers.set(
        HttpHeaders.WWW_AUTHENTICATE, refused ? "Bearer error=\"invalid_token\"" : "Bearer");
    String detail = refused ? e.getMessage() : "Send a key as 'Authorization: Bearer qk_…'.";
    return problem(
        new ProblemException(ProblemType.UNAUTHORIZED, detail, List.of(), headers), request);
  }

  @ExceptionHandler
  ResponseEntity<Object> forbidden(AccessDeniedException e, HttpServletRequest request) {
    return answer(
        ProblemType.FORBIDDEN,
        "The key has the scopes %s, and %s %s needs another one."
            .formatted(Caller.current().scopes(), request.getMethod(), path(request)),
        request);
  }

  @ExceptionHandler
  ResponseEntity<Object> tooMany(TooManyRequestsException e, HttpServletRequest request) {
    return problem(
        new ProblemException(
            ProblemType.RATE_LIMITED, e.getMessage(), List.of(), retryAfter(e.retryAfter())),
        request);
  }

  @ExceptionHandler
  ResponseEntity<Object> quota(QuotaExceededException e, HttpServletRequest request) {
    return problem(
        new ProblemException(
            ProblemType.QUOTA_EXCEEDED,
            e.getMessage() + ".",
            List.of(),
            retryAfter(QUEUE_MAY_MOVE)),
        request);
  }

  @ExceptionHandler
  ResponseEntity<Object> sourceAway(SourceAwayException e, HttpServletRequest request) {
    return problem(
        new ProblemException(
            ProblemType.SERVICE_UNAVAILABLE,
            e.getMessage() + ".",
            List.of(),
            retryAfter(settings.retryAfter())),
        request);
  }

  private static HttpHeaders retryAfter(Duration wait) {
    HttpHeaders headers = new HttpHeaders();
    // Rounded up, so that a client that waits exactly this long is let through.
    headers.set(HttpHeaders.RETRY_AFTER, Long.toString(wait.plusMillis(999).toSeconds()));
    return headers;
  }

  /** No endpoint accepts multipart bodies; a missing boundary, for example, ends here. */
  @ExceptionHandler
  ResponseEntity<Object> multipart(MultipartException e, HttpServletRequest request) {
    return answer(ProblemType.BAD_REQUEST, "The multipart body cannot be read.", request);
  }

  /** Headers and paths that Spring Security's firewall rejects. */
  @ExceptionHandler
  ResponseEntity<Object> rejected(RequestRejectedException e, HttpServletRequest request) {
    return answer(ProblemType.BAD_REQUEST, "The request is not one that is served.", request);
  }

  /** Only a client that closed just its sending side can read this. */
  @ExceptionHandler
  ResponseEntity<Object> clientGone(ClientGoneException e, HttpServletRequest request) {
    LOG.info("The client left {} {}; the work on it ended", request.getMethod(), path(request));
    return answer(ProblemType.REQUEST_FAILED, e.getMessage() + ".", request);
  }

  /** Gives no answer when the client has disconnected. */
  @ExceptionHandler
  ResponseEntity<Object> unexpected(Exception e, HttpServletRequest request) {
    if (DisconnectedClientHelper.isClientDisconnectedException(e)) {
      LOG.debug("The client left {} {}", request.getMethod(), path(request));
      return null;
    }
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
