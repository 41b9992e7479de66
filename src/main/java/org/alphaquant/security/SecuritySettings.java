package org.alphaquant.security;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param allowAnonymous whether to start without a key on an address that other machines can reach
 * @param allowedHosts allowed values of the Host header; if empty, loopback names on a service
 *     without keys and any name on a service with keys
 * @param setupToken token required to create the first key; random by default
 * @param requestsPerSecond sustained requests per second of a key; 0 for no limit
 * @param burst maximum number of requests at once
 * @param refusedKeysPerMinute refused keys from one address before it has to wait; 0 for no limit
 * @param keyCache how long a key that another process revoked may still be accepted
 * @param oauth2 how tokens are read if {@code spring.security.oauth2.resourceserver.jwt.issuer-uri}
 *     is set
 */
@ConfigurationProperties("alphaquant.security")
record SecuritySettings(
    @DefaultValue("false") boolean allowAnonymous,
    @DefaultValue List<String> allowedHosts,
    String setupToken,
    @DefaultValue("100") int requestsPerSecond,
    @DefaultValue("500") int burst,
    @DefaultValue("30") int refusedKeysPerMinute,
    @DefaultValue("5s") Duration keyCache,
    @DefaultValue OAuth2 oauth2) {
  static final int LONGEST_OWNER = 200;

  /**
   * @param ownerClaim the claim with the owner of the jobs
   * @param ownerPrefix prefix of the owner, so that no token can claim the owner of a key
   * @param scopePrefix prefix of the scopes read, write and admin in a token
   * @param scopeClaims claims with scopes, as a list or as words separated by blanks; a path with
   *     dots for a nested claim
   * @param clientId client id of the dashboard at the issuer; enables sign-in there
   * @param clientSecret the client's secret, if the issuer requires one
   * @param clientSecretFile file with the client's secret, instead of the secret itself
   * @param signInScope the scope that the sign-in requests from the issuer
   * @param parameters additional parameters of a sign-in, such as {@code audience}
   */
  record OAuth2(
      @DefaultValue("sub") String ownerClaim,
      @DefaultValue("oauth2:") String ownerPrefix,
      @DefaultValue("") String scopePrefix,
      @DefaultValue({"scope", "scp"}) List<String> scopeClaims,
      String clientId,
      String clientSecret,
      Path clientSecretFile,
      @DefaultValue("openid") String signInScope,
      @DefaultValue Map<String, String> parameters) {

    OAuth2 {
      scopeClaims = List.copyOf(scopeClaims);
      parameters = Map.copyOf(parameters);
      clientId = clientId == null || clientId.isBlank() ? null : clientId;
    }

    /** Read with every use, so that a replaced secret file takes effect immediately. */
    Optional<String> secret() {
      if (clientSecretFile == null) {
        return Optional.ofNullable(clientSecret).filter(it -> !it.isBlank());
      }
      try {
        return Optional.of(Files.readString(clientSecretFile).strip());
      } catch (IOException e) {
        throw new UncheckedIOException(
            "alphaquant.security.oauth2.client-secret-file '%s' cannot be read"
                .formatted(clientSecretFile),
            e);
      }
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return "OAuth2[clientId=%s]".formatted(clientId);
    }
  }

  SecuritySettings {
    allowedHosts = List.copyOf(allowedHosts);
    if (requestsPerSecond < 0) {
      throw new IllegalArgumentException(
          "alphaquant.security.requests-per-second is negative: " + requestsPerSecond);
    }
    if (refusedKeysPerMinute < 0) {
      throw new IllegalArgumentException(
          "alphaquant.security.refused-keys-per-minute is negative: " + refusedKeysPerMinute);
    }
    if (burst < 1) {
      throw new IllegalArgumentException("alphaquant.security.burst must be at least 1: " + burst);
    }
  }
}
