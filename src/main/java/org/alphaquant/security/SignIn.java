package org.alphaquant.security;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;

/**
 * Signs users in at the issuer of tokens by the authorization code flow with PKCE (RFC 6749,
 * section 4.1; RFC 7636). The page sends the browser there; the returned code is redeemed here, so
 * that the page connects to this service only and the client secret never leaves it.
 */
@Component
public class SignIn {

  private final SecuritySettings.OAuth2 settings;
  private final RefusedKeys refusals;
  private final Optional<IssuerEndpoints> issuer;

  SignIn(
      SecuritySettings settings,
      RefusedKeys refusals,
      @Value("${spring.security.oauth2.resourceserver.jwt.issuer-uri:}") String issuer) {
    this.settings = settings.oauth2();
    this.refusals = refusals;
    boolean on = this.settings.clientId() != null;
    if (on && issuer.isBlank()) {
      throw new IllegalArgumentException(
          "alphaquant.security.oauth2.client-id is set, but spring.security.oauth2.resourceserver.jwt.issuer-uri names no issuer to sign in at");
    }
    this.issuer = on ? Optional.of(new IssuerEndpoints(issuer)) : Optional.empty();
  }

  /**
   * Where and how a browser signs in.
   *
   * @param endSession URL for signing out; null if the issuer has none
   * @param parameters additional to those of the flow
   */
  public record Provider(
      String issuer,
      URI authorization,
      URI endSession,
      String clientId,
      String scope,
      Map<String, String> parameters) {}

  /**
   * The issuer's response to a code.
   *
   * @param refreshToken null if there is none
   * @param idToken for signing out; null if there is none
   * @param expiresIn lifetime of the access token in seconds; null if unknown
   */
  public record Tokens(String accessToken, String refreshToken, String idToken, Long expiresIn) {

    /** Without the tokens. */
    @Override
    public String toString() {
      return "Tokens[expiresIn=%s]".formatted(expiresIn);
    }
  }

  /**
   * The sign-in settings; empty where only keys are accepted.
   *
   * @throws org.springframework.security.authentication.AuthenticationServiceException if the
   *     issuer is unavailable
   */
  public Optional<Provider> provider() {
    return issuer.map(
        it ->
            new Provider(
                it.issuer(),
                it.authorization(),
                it.endSession(),
                settings.clientId(),
                settings.signInScope(),
                settings.parameters()));
  }

  /**
   * Redeems a code.
   *
   * @param verifier whose hash the browser sent to the issuer
   * @param redirectUri to which the code was returned
   * @param address of the caller, for rate limits of refused attempts
   * @throws BadCredentialsException if the issuer refuses it
   * @throws org.springframework.security.authentication.AuthenticationServiceException if the
   *     issuer is unavailable
   */
  public Tokens redeem(String code, String verifier, String redirectUri, String address) {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", "authorization_code");
    form.put("code", code);
    form.put("code_verifier", verifier);
    form.put("redirect_uri", redirectUri);
    return tokens(form, address);
  }

  /** As {@link #redeem}, for a refresh token (RFC 6749, section 6). */
  public Tokens refresh(String refreshToken, String address) {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", "refresh_token");
    form.put("refresh_token", refreshToken);
    return tokens(form, address);
  }

  private Tokens tokens(Map<String, String> form, String address) {
    IssuerEndpoints endpoints =
        issuer.orElseThrow(() -> new BadCredentialsException("This service signs in by key."));
    refusals.check(address);
    form.put("client_id", settings.clientId());
    settings.secret().ifPresent(secret -> form.put("client_secret", secret));
    try {
      JsonNode answer = endpoints.token(form);
      return new Tokens(
          answer.path("access_token").asString(""),
          answer.path("refresh_token").asString(null),
          answer.path("id_token").asString(null),
          answer.hasNonNull("expires_in") ? answer.path("expires_in").asLong() : null);
    } catch (BadCredentialsException e) {
      refusals.refused(address);
      throw e;
    }
  }
}
