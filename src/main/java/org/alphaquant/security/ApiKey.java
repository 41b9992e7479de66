package org.alphaquant.security;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A key without its secret.
 *
 * @param id the public part of the key
 * @param owner owner of the jobs that it creates and sees
 * @param name what it is for
 * @param expiresAt null for never
 * @param lastUsedAt to the minute
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ApiKey(
    String id,
    String owner,
    String name,
    Set<Scope> scopes,
    @JsonProperty("created_at") Instant createdAt,
    @JsonProperty("expires_at") Instant expiresAt,
    @JsonProperty("revoked_at") Instant revokedAt,
    @JsonProperty("last_used_at") Instant lastUsedAt) {

  public ApiKey {
    scopes = Collections.unmodifiableSet(EnumSet.copyOf(scopes));
  }
}
