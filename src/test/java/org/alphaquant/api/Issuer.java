package org.alphaquant.api;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.function.UnaryOperator;

/** An identity provider that signs what a test wants. */
final class Issuer implements AutoCloseable {
  static final String AUDIENCE = "alphaquant";

  private final RSAKey key = newKey();
  private final HttpServer server;

  Issuer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String keys = new JWKSet(key.toPublicJWK()).toString();
    serve("/.well-known/openid-configuration", configuration());
    serve("/keys", keys);
    server.start();
  }

  private void serve(String path, String json) {
    server.createContext(
        path,
        exchange -> {
          byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private String configuration() {
    return """
        {"issuer": "%s", "jwks_uri": "%s/keys", "subject_types_supported": ["public"]}
        """
        .formatted(uri(), uri());
  }

  String uri() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  String token(String subject, String scope) {
    return token(subject, scope, claims -> claims);
  }

  String token(String subject, String scope, UnaryOperator<JWTClaimsSet.Builder> change) {
    return token(key, subject, scope, change);
  }

  /** One that somebody else signed, with the same name of the key. */
  String forged(String subject, String scope) {
    return token(newKey(), subject, scope, claims -> claims);
  }

  private String token(
      RSAKey by, String subject, String scope, UnaryOperator<JWTClaimsSet.Builder> change) {
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .issuer(uri())
            .audience(AUDIENCE)
            .subject(subject)
            .claim("scope", scope)
            .expirationTime(Date.from(Instant.now().plusSeconds(600)));
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k").build(),
            change.apply(claims).build());
    try {
      token.sign(new RSASSASigner(by));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static RSAKey newKey() {
    try {
      return new RSAKeyGenerator(2048).keyID("k").generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
