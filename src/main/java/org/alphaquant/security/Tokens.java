package org.alphaquant.security;

import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoderInitializationException;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.stereotype.Component;

/** Authenticates callers by the tokens of a configured identity provider (RFC 9068). */
@Component
class Tokens {

  private final Optional<JwtDecoder> decoder;
  private final SecuritySettings.OAuth2 settings;

  Tokens(ObjectProvider<JwtDecoder> decoder, SecuritySettings settings) {
    this.decoder = Optional.ofNullable(decoder.getIfAvailable());
    this.settings = settings.oauth2();
  }

  boolean areAccepted() {
    return decoder.isPresent();
  }

  /**
   * The caller that this token identifies.
   *
   * @throws BadCredentialsException if it is not from the issuer, has expired or is for another
   *     audience
   * @throws AuthenticationServiceException if the issuer cannot be reached
   */
  KeyAuthentication admit(String token) {
    try {
      Jwt read = decoder.orElseThrow().decode(token);
      return new KeyAuthentication(caller(read), Credential.token(end(read)));
    } catch (BadJwtException e) {
      throw new BadCredentialsException("The token is refused: " + e.getMessage() + ".", e);
    } catch (JwtException | JwtDecoderInitializationException e) {
      throw new AuthenticationServiceException("The issuer of tokens cannot be reached.", e);
    }
  }

  // RFC 9068 requires exp; a token without it is valid for this request only.
  private static Instant end(Jwt token) {
    return token.getExpiresAt() == null ? Instant.MAX : token.getExpiresAt();
  }

  private Caller caller(Jwt token) {
    String owner = claim(token, settings.ownerClaim()) instanceof String text ? text : "";
    if (owner.isBlank() || owner.length() > SecuritySettings.LONGEST_OWNER) {
      throw new BadCredentialsException(
          "The token's claim '%s' must be a text of 1 to %d characters."
              .formatted(settings.ownerClaim(), SecuritySettings.LONGEST_OWNER));
    }
    return new Caller(settings.ownerPrefix() + owner, scopes(token));
  }

  /** Other scopes of the token are for other services. */
  private Set<Scope> scopes(Jwt token) {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (Scope scope : Scope.values()) {
      String word = settings.scopePrefix() + scope.word();
      if (settings.scopeClaims().stream()
          .flatMap(claim -> words(claim(token, claim)))
          .anyMatch(word::equals)) {
        scopes.add(scope);
      }
    }
    return scopes;
  }

  /** A claim by its name, which may have dots, or by the path to it. */
  private static Object claim(Jwt token, String name) {
    Object value = token.getClaim(name);
    if (value == null && name.contains(".")) {
      value = token.getClaims();
      for (String part : name.split("\\.")) {
        value = value instanceof Map<?, ?> map ? map.get(part) : null;
      }
    }
    return value;
  }

  private static Stream<String> words(Object claim) {
    if (claim instanceof Collection<?> list) {
      return list.stream().map(String::valueOf);
    }
    return claim instanceof String text ? Arrays.stream(text.split(" ")) : Stream.empty();
  }
}
