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
 * @param owner owner of the job
 * @param asked the specification as posted; {@code spec} may contain more, for example the commit
 * @param idempotencyKey the client's name for this request, or null; 1 to 255 characters
 * @param licence licence named by the model's card; null if it names none or could not be read
 * @param traceParent trace context of the request (W3C); null without tracing
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

  /** Equal for equivalent requests, regardless of formatting and omitted defaults. */
  byte[] sha256() {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(StoredJson.CANONICAL.writeValueAsString(asked).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
