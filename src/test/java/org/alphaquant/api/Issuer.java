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
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/** An identity provider that signs what a test wants. */
final class Issuer implements AutoCloseable {
  static final String AUDIENCE = "alphaquant";

  static final String CLIENT = "the-dashboard";
  static final String SECRET = "a-client's-secret";

  private final HttpServer server;
  private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
  private final Set<String> refreshTokens = ConcurrentHashMap.newKeySet();
  private volatile RSAKey key = newKey("k");
  private volatile long lifeSeconds = 600;

  Issuer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    serve("/.well-known/openid-configuration", exchange -> configuration());
    serve("/keys", exchange -> new JWKSet(key.toPublicJWK()).toString());
    serve("/token", this::redeem);
    server.createContext("/authorize", this::authorize);
    server.createContext(
        "/end", exchange -> redirect(exchange, query(exchange).get("post_logout_redirect_uri")));
    server.start();
  }

  private interface Answer {
    String to(HttpExchange exchange) throws IOException;
  }

  private void serve(String path, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          String json = answer.to(exchange);
          byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(json.startsWith("{\"error\"") ? 400 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private String configuration() {
    return """
        {"issuer": "%1$s", "jwks_uri": "%1$s/keys", "authorization_endpoint": "%1$s/authorize",
         "token_endpoint": "%1$s/token", "end_session_endpoint": "%1$s/end",
         "subject_types_supported": ["public"]}
        """
        .formatted(uri());
  }

  /** A page to sign in on; with a subject in the address it sends the browser back at once. */
  private void authorize(HttpExchange exchange) throws IOException {
    Map<String, String> query = query(exchange);
    String back = query.get("redirect_uri") + "?state=" + query.get("state");
    if (query.containsKey("refuse")) {
      redirect(exchange, back + "&error=access_denied&error_description=Not+today");
    } else if (query.containsKey("as")) {
      redirect(exchange, back + "&code=" + code(query));
    } else {
      String page =
          "<title>Log in</title><a id='alice' href='%1$s&as=alice'>alice</a> <a id='no' href='%1$s&refuse=1'>no</a>"
              .formatted(exchange.getRequestURI());
      byte[] bytes = page.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/html");
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    }
  }

  /** A code as the sign-in page gives it for such a request. */
  String code(Map<String, String> request) {
    String code = UUID.randomUUID().toString();
    codes.put(code, request);
    return code;
  }

  private static void redirect(HttpExchange exchange, String location) throws IOException {
    exchange.getResponseHeaders().set("Location", location);
    exchange.sendResponseHeaders(302, -1);
    exchange.close();
  }

  private static Map<String, String> query(HttpExchange exchange) {
    return form(exchange.getRequestURI().getRawQuery());
  }

  private static Map<String, String> form(String text) {
    Map<String, String> fields = new HashMap<>();
    for (String field : text.split("&")) {
      String[] parts = field.split("=", 2);
      fields.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return fields;
  }

  /** RFC 6749, section 4.1.3, and RFC 7636, section 4.6. */
  private String redeem(HttpExchange exchange) throws IOException {
    Map<String, String> form =
        form(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    if (!CLIENT.equals(form.get("client_id")) || !SECRET.equals(form.get("client_secret"))) {
      return "{\"error\": \"invalid_client\"}";
    }
    boolean good =
        form.get("grant_type").equals("refresh_token")
            ? refreshTokens.remove(form.get("refresh_token"))
            : isProven(codes.remove(form.get("code")), form);
    if (!good) {
      return "{\"error\": \"invalid_grant\"}";
    }
    String refresh = UUID.randomUUID().toString();
    refreshTokens.add(refresh);
    return """
        {"access_token": "%s", "token_type": "Bearer", "expires_in": %d, "refresh_token": "%s", "id_token": "an-id"}
        """
        .formatted(token("alice", "quant.read quant.write"), lifeSeconds, refresh);
  }

  private static boolean isProven(Map<String, String> asked, Map<String, String> form) {
    return asked != null
        && asked.get("redirect_uri").equals(form.get("redirect_uri"))
        && asked.get("code_challenge").equals(challenge(form.get("code_verifier")));
  }

  static String challenge(String verifier) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** From now on signs with another key, and knows the one before no more. */
  void rotate() {
    key = newKey(UUID.randomUUID().toString());
  }

  /** What it says of the life of its tokens. */
  void lifeSeconds(long seconds) {
    lifeSeconds = seconds;
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
    return token(newKey(key.getKeyID()), subject, scope, claims -> claims);
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
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(by.getKeyID()).build(),
            change.apply(claims).build());
    try {
      token.sign(new RSASSASigner(by));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static RSAKey newKey(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
