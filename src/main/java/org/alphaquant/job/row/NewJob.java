package org.alphaquant.job.row;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.Limits;

/**
 * A job to create.
 *
 * @param owner who asks
 * @param asked the specification as it was asked for; {@code spec} may say more, which commit say
 * @param idempotencyKey the client's name for this request, or null; 1 to 255 characters
 * @param licence that the model's card names; null where it names none or could not be read
 * @param traceParent the request's place in its trace (W3C Trace Context); null without tracing
 */
public record NewJob(
    String owner,
    JobSpec spec,
    JobSpec asked,
    String idempotencyKey,
    String licence,
    String traceParent) {
  public NewJob {
    Limits.text("owner", owner, 255);
    requireNonNull(spec, "spec is null");
    requireNonNull(asked, "asked is null");
    Limits.textOrNull("Idempotency-Key", idempotencyKey, 255);
    Limits.textOrNull("licence", licence, 255);
    Limits.textOrNull("traceparent", traceParent, 55);
  }

  public NewJob(String owner, JobSpec spec, String idempotencyKey) {
    this(owner, spec, spec, idempotencyKey, null, null);
  }

  /** Equal for requests that mean the same, whatever their layout and left-out defaults. */
  byte[] sha256() {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(StoredJson.CANONICAL.writeValueAsString(asked).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
