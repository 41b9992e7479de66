package org.alphaquant.hub;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.apache.hc.client5.http.utils.DateUtils;

/** Translates an unsuccessful status of the hub into a problem that says what to do. */
final class Refusal {

  private static final String BAD_TOKEN = "Invalid credentials in Authorization header";
  private static final Pattern RESET = Pattern.compile("\\bt=(\\d{1,6})\\b");
  private static final Pattern SECONDS = Pattern.compile("\\d{1,6}");
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

  private final Answer answer;
  private final HubReference reference;
  private final HubToken token;

  Refusal(Answer answer, HubReference reference, HubToken token) {
    this.answer = answer;
    this.reference = reference;
    this.token = token;
  }

  /** Whether the same request may succeed later. */
  static boolean isPassing(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  /** The wait that the hub asks for (Retry-After); empty without one. */
  static Optional<Duration> wait(Answer answer) {
    Matcher reset = RESET.matcher(answer.header("RateLimit").orElse(""));
    Optional<Duration> asked =
        reset.find()
            ? Optional.of(Duration.ofSeconds(Long.parseLong(reset.group(1)) + 1))
            : retryAfter(answer.header("Retry-After").orElse(""));
    return asked.map(it -> it.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : it);
  }

  /** Seconds or a date (RFC 9110, section 10.2.3). */
  private static Optional<Duration> retryAfter(String value) {
    if (SECONDS.matcher(value).matches()) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
    }
    return Optional.ofNullable(DateUtils.parseStandardDate(value))
        .map(date -> Duration.between(Instant.now(), date))
        .map(wait -> wait.isNegative() ? Duration.ZERO : wait);
  }

  FetchException exception() {
    String code = answer.header("X-Error-Code").orElse("").toLowerCase(Locale.ROOT);
    String message = answer.header("X-Error-Message").orElse("");
    return switch (code) {
      case "revisionnotfound" ->
          new FetchException(
              Kind.NOT_FOUND,
              "'%s' has no revision '%s'".formatted(reference.path(), reference.revision()));
      case "entrynotfound" ->
          new FetchException(Kind.NOT_FOUND, "'%s' has no such file".formatted(reference));
      case "gatedrepo" -> gated();
      default -> byStatus(code, message);
    };
  }

  private FetchException byStatus(String code, String message) {
    int status = answer.status();
    if (message.equals("Access to this resource is disabled.")) {
      return new FetchException(
          Kind.ACCESS, "'%s' was taken down by the hub".formatted(reference.path()));
    }
    if (status == 401 && message.startsWith(BAD_TOKEN)) {
      return new FetchException(
          Kind.ACCESS, "the hub does not take the token from " + token.source());
    }
    if (code.equals("reponotfound") || status == 401 || status == 404) {
      return new FetchException(
          Kind.NOT_FOUND,
          "'%s' is not on the hub, or is private and %s"
              .formatted(
                  reference.path(),
                  token.isPresent()
                      ? "the token from " + token.source() + " may not read it"
                      : "there is no token (alphaquant.hub.token)"));
    }
    if (status == 403) {
      return new FetchException(
          Kind.ACCESS,
          "the hub refuses '%s' to the token from %s: %s"
              .formatted(reference.path(), token.source(), shown(message)));
    }
    if (status == 429) {
      return new FetchException(
          Kind.UNAVAILABLE,
          "the hub has had too many requests from here; a token (alphaquant.hub.token) has higher limits");
    }
    return new FetchException(
        Kind.UNAVAILABLE,
        "%s answers with status %d".formatted(Egress.host(answer.address()), status));
  }

  private FetchException gated() {
    String page = "%s/%s".formatted("https://huggingface.co", reference.path());
    return new FetchException(
        Kind.ACCESS,
        token.isPresent()
            ? "'%s' asks for its conditions to be accepted: request access at %s with the account of the token from %s"
                .formatted(reference.path(), page, token.source())
            : "'%s' asks for its conditions to be accepted: request access at %s, then set a token (alphaquant.hub.token)"
                .formatted(reference.path(), page));
  }

  private static String shown(String message) {
    String line = message.replaceAll("\\p{Cntrl}", "?").replaceAll("hf_\\w+", "hf_…");
    return line.isEmpty()
        ? "it lacks a permission"
        : line.length() > 200 ? line.substring(0, 200) + "…" : line;
  }
}
