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
 */
public record NewJob(String owner, JobSpec spec, JobSpec asked, String idempotencyKey) {
  public NewJob {
    Limits.text("owner", owner, 255);
    requireNonNull(spec, "spec is null");
    requireNonNull(asked, "asked is null");
    Limits.textOrNull("Idempotency-Key", idempotencyKey, 255);
  }

  public NewJob(String owner, JobSpec spec, String idempotencyKey) {
    this(owner, spec, spec, idempotencyKey);
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
