package org.alphaquant.store;

import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.store.StoreClients.NoCredentialsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Translates a store's refusal. The library's own messages may hold addresses and are not repeated.
 */
final class StoreRefusal {

  private static final Logger log = LoggerFactory.getLogger(StoreRefusal.class);

  private final String store;
  private final SdkException cause;

  StoreRefusal(String store, SdkException cause) {
    this.store = store;
    this.cause = cause;
  }

  /**
   * The refusal as a message.
   *
   * @param place of the request
   */
  FetchException of(String place) {
    if (cause instanceof NoCredentialsException) {
      log.warn("no credentials for the store '{}': {}", store, cause.getMessage());
      return new FetchException(
          Kind.UNAVAILABLE,
          "the environment gives this service no credentials for the store '%s'; its log says why"
              .formatted(store),
          cause);
    }
    return cause instanceof S3Exception answer
        ? new FetchException(kind(answer), message(answer, place), cause)
        : new FetchException(
            Kind.UNAVAILABLE,
            "the store '%s' does not answer: %s".formatted(store, rootName(cause)),
            cause);
  }

  private static String rootName(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root.getClass().getSimpleName();
  }

  private static Kind kind(S3Exception answer) {
    return switch (answer.statusCode()) {
      case 404 -> Kind.NOT_FOUND;
      case 401, 403 -> Kind.ACCESS;
      case 412, 416 -> Kind.UNUSABLE;
      case 408, 409, 429 -> Kind.UNAVAILABLE;
      default -> answer.statusCode() >= 500 ? Kind.UNAVAILABLE : Kind.NOT_ALLOWED;
    };
  }

  private String message(S3Exception answer, String place) {
    String code = code(answer);
    return switch (kind(answer)) {
      case NOT_FOUND -> "'%s' does not exist (%s)".formatted(place, code);
      case ACCESS ->
          "the store '%s' refuses '%s' to the keys of alphaquant.stores.%s (%s)"
              .formatted(store, place, store, code);
      case UNUSABLE -> "'%s' has changed since it was looked up (%s)".formatted(place, code);
      default ->
          "the store '%s' answers '%s' with status %d (%s)"
              .formatted(store, place, answer.statusCode(), code);
    };
  }

  static String code(S3Exception answer) {
    String code = answer.awsErrorDetails() == null ? null : answer.awsErrorDetails().errorCode();
    return code == null || !code.matches("[A-Za-z0-9.]{1,64}") ? "no code" : code;
  }
}
