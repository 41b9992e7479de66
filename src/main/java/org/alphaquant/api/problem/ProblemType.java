package org.alphaquant.api.problem;

import java.net.URI;
import org.springframework.http.HttpStatus;

/** Every type of error of the API; {@code docs/problems.md} explains what to do about each. */
public enum ProblemType {
  MALFORMED_JSON("malformed-json", HttpStatus.BAD_REQUEST, "The body is not JSON"),
  INVALID_NUMBER("invalid-number", HttpStatus.BAD_REQUEST, "A number is out of range"),
  INVALID_PARAMETER("invalid-parameter", HttpStatus.BAD_REQUEST, "A parameter is not valid"),
  INVALID_CURSOR("invalid-cursor", HttpStatus.BAD_REQUEST, "The cursor is not valid for this list"),
  INVALID_HEADER("invalid-header", HttpStatus.BAD_REQUEST, "A header is not valid"),
  BAD_REQUEST("bad-request", HttpStatus.BAD_REQUEST, "The request cannot be read"),
  UNAUTHORIZED("unauthorized", HttpStatus.UNAUTHORIZED, "A valid key is required"),
  FORBIDDEN("forbidden", HttpStatus.FORBIDDEN, "The key does not allow this"),
  FOREIGN_ORIGIN("foreign-origin", HttpStatus.FORBIDDEN, "A page of another site may not do this"),
  SETUP_TOKEN_NEEDED(
      "setup-token-needed", HttpStatus.FORBIDDEN, "The first key requires the setup token"),
  MISDIRECTED_REQUEST(
      "misdirected-request",
      HttpStatus.MISDIRECTED_REQUEST,
      "The service does not answer to this host"),
  REQUEST_TIMEOUT(
      "request-timeout", HttpStatus.REQUEST_TIMEOUT, "The request body came too slowly"),
  NOT_IMPLEMENTED(
      "not-implemented",
      HttpStatus.NOT_IMPLEMENTED,
      "The request uses a feature that is not supported"),
  HTTP_VERSION_NOT_SUPPORTED(
      "http-version-not-supported",
      HttpStatus.HTTP_VERSION_NOT_SUPPORTED,
      "The HTTP version is not supported"),
  NOT_FOUND("not-found", HttpStatus.NOT_FOUND, "There is nothing at this path"),
  JOB_NOT_FOUND("job-not-found", HttpStatus.NOT_FOUND, "There is no such job"),
  KEY_NOT_FOUND("key-not-found", HttpStatus.NOT_FOUND, "There is no such key"),
  ARTIFACT_NOT_FOUND("artifact-not-found", HttpStatus.NOT_FOUND, "There is no such artifact"),
  FILE_NOT_FOUND("file-not-found", HttpStatus.NOT_FOUND, "There is no such file"),
  MODEL_NOT_FOUND("model-not-found", HttpStatus.NOT_FOUND, "There is no such model"),
  EXPERTS_NOT_AVAILABLE(
      "experts-not-available", HttpStatus.NOT_FOUND, "No expert utilization is known yet"),
  RECEIPT_NOT_AVAILABLE("receipt-not-available", HttpStatus.NOT_FOUND, "There is no receipt"),
  METHOD_NOT_ALLOWED(
      "method-not-allowed", HttpStatus.METHOD_NOT_ALLOWED, "The path does not support this method"),
  NOT_ACCEPTABLE(
      "not-acceptable", HttpStatus.NOT_ACCEPTABLE, "No accepted media type can be produced"),
  JOB_FINISHED("job-finished", HttpStatus.CONFLICT, "The job is finished"),
  JOB_ACTIVE("job-active", HttpStatus.CONFLICT, "The job has not ended"),
  MODEL_IN_USE("model-in-use", HttpStatus.CONFLICT, "The model is in use"),
  MODEL_NOT_OWNED(
      "model-not-owned", HttpStatus.CONFLICT, "The model is not in the service's own cache"),
  CONTENT_TOO_LARGE(
      "content-too-large", HttpStatus.CONTENT_TOO_LARGE, "The request body is too large"),
  UNSUPPORTED_MEDIA_TYPE(
      "unsupported-media-type",
      HttpStatus.UNSUPPORTED_MEDIA_TYPE,
      "The request body has the wrong media type"),
  RANGE_NOT_SATISFIABLE(
      "range-not-satisfiable",
      HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
      "The file has no byte in this range"),
  INVALID_JOB("invalid-job", HttpStatus.UNPROCESSABLE_CONTENT, "The job cannot run as posted"),
  INVALID_BODY("invalid-body", HttpStatus.UNPROCESSABLE_CONTENT, "The request body is not valid"),
  IDEMPOTENCY_KEY_REUSED(
      "idempotency-key-reused",
      HttpStatus.UNPROCESSABLE_CONTENT,
      "The Idempotency-Key was used for another request"),
  QUOTA_EXCEEDED(
      "quota-exceeded", HttpStatus.TOO_MANY_REQUESTS, "This owner has too many jobs in the queue"),
  RATE_LIMITED("rate-limited", HttpStatus.TOO_MANY_REQUESTS, "Too many requests"),
  REQUEST_FAILED("request-failed", HttpStatus.BAD_REQUEST, "The request failed"),
  INTERNAL_ERROR(
      "internal-error",
      HttpStatus.INTERNAL_SERVER_ERROR,
      "The service failed to handle the request"),
  SERVICE_UNAVAILABLE(
      "service-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "The service cannot answer now");

  private final String code;
  private final HttpStatus status;
  private final String title;

  ProblemType(String code, HttpStatus status, String title) {
    this.code = code;
    this.status = status;
    this.title = title;
  }

  String code() {
    return code;
  }

  HttpStatus status() {
    return status;
  }

  public String title() {
    return title;
  }

  /** A URN, because a self-hosted service has no address of its own that would stay the same. */
  URI uri() {
    return URI.create("urn:alphaquant:problem:" + code);
  }

  /** The general type of a status that no more exact type is known for. */
  public static ProblemType ofStatus(int status) {
    return switch (status) {
      case 400 -> BAD_REQUEST;
      case 401 -> UNAUTHORIZED;
      case 403 -> FORBIDDEN;
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 406 -> NOT_ACCEPTABLE;
      case 408 -> REQUEST_TIMEOUT;
      case 413 -> CONTENT_TOO_LARGE;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 416 -> RANGE_NOT_SATISFIABLE;
      case 421 -> MISDIRECTED_REQUEST;
      case 429 -> RATE_LIMITED;
      case 501 -> NOT_IMPLEMENTED;
      case 503 -> SERVICE_UNAVAILABLE;
      case 505 -> HTTP_VERSION_NOT_SUPPORTED;
      default -> status < 500 ? REQUEST_FAILED : INTERNAL_ERROR;
    };
  }
}
