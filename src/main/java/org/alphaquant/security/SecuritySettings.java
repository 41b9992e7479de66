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
 * @param allowAnonymous serve everybody on an address that others can reach although there is no
 *     key
 * @param allowedHosts names that a Host header may have; empty for loopback names alone where there
 *     is no key, and for any where there is one
 * @param setupToken what the maker of the first key must send; drawn at random where it is not set
 * @param requestsPerSecond most requests per second that a key may keep up; 0 for no limit
 * @param burst most requests at once
 * @param refusedKeysPerMinute wrong keys from one address until it has to wait; 0 for no limit
 * @param keyCache how long a key that was revoked elsewhere may still be let in
 * @param oauth2 how tokens are read, where {@code
 *     spring.security.oauth2.resourceserver.jwt.issuer-uri} names an issuer
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
   * @param ownerClaim the claim that says whose the jobs are
   * @param ownerPrefix comes before it, so that no token can name the owner of a key
   * @param scopePrefix what the scopes read, write and admin begin with in a token
   * @param scopeClaims claims that hold scopes, as a list or as words with blanks between; a path
   *     with dots where the claim is within another
   * @param clientId what the issuer knows the dashboard as; where set, people sign in there
   * @param clientSecretFile file with the client's secret, where the issuer wants one
   * @param signInScope what the sign-in asks the issuer for
   * @param parameters more to send along with a sign-in, such as {@code audience}
   */
  record OAuth2(
      @DefaultValue("sub") String ownerClaim,
      @DefaultValue("oauth2:") String ownerPrefix,
      @DefaultValue("") String scopePrefix,
      @DefaultValue({"scope", "scp"}) List<String> scopeClaims,
      String clientId,
      Path clientSecretFile,
      @DefaultValue("openid") String signInScope,
      @DefaultValue Map<String, String> parameters) {

    OAuth2 {
      scopeClaims = List.copyOf(scopeClaims);
      parameters = Map.copyOf(parameters);
      clientId = clientId == null || clientId.isBlank() ? null : clientId;
    }

    /** Read with every use, so that a secret whose file is replaced counts at once. */
    Optional<String> clientSecret() {
      if (clientSecretFile == null) {
        return Optional.empty();
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
