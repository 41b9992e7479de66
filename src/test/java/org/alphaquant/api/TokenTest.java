package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Tokens of an identity provider, beside keys. */
class TokenTest {
  private static final String JOB = "{\"model\": \"m\"}";

  private static Issuer issuer;
  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    issuer = new Issuer();
    server = server(issuer.uri(), folder);
    http = server.http();
  }

  @TempDir static Path folder;

  static RunningServer server(String issuer, Path folder) throws IOException {
    String jwt = "spring.security.oauth2.resourceserver.jwt.";
    String oauth2 = "alphaquant.security.oauth2.";
    Path secret = Files.writeString(folder.resolve("client-secret"), Issuer.SECRET + "\n");
    return new RunningServer(
        Map.ofEntries(
            // Where others reach it, which a service with an issuer may be without a key.
            Map.entry("server.address", "0.0.0.0"),
            Map.entry("management.server.address", "127.0.0.1"),
            Map.entry(jwt + "issuer-uri", issuer),
            Map.entry(jwt + "audiences", Issuer.AUDIENCE),
            Map.entry(oauth2 + "scope-prefix", "quant."),
            Map.entry(oauth2 + "scope-claims", "scope,scp,realm_access.roles"),
            Map.entry(oauth2 + "client-id", Issuer.CLIENT),
            Map.entry(oauth2 + "client-secret-file", secret),
            Map.entry(oauth2 + "sign-in-scope", "openid quant.read quant.write"),
            Map.entry(oauth2 + "parameters.audience", Issuer.AUDIENCE)));
  }

  @AfterAll
  static void stop() {
    server.close();
    issuer.close();
  }

  @Test
  void aTokensSubjectOwnsItsJobsAndSeesNoOthers() {
    String alice = issuer.token("alice", "openid quant.read quant.write");
    String bob = issuer.token("bob", "quant.read");
    Answer posted = http.postJson("/v1/jobs", JOB, bearer(alice));
    assertThat(posted.at("/owner")).isEqualTo("oauth2:alice");
    String job = "/v1/jobs/" + posted.at("/id");
    assertThat(http.get(job, bearer(alice)).status()).isEqualTo(200);
    problem(http.get(job, bearer(bob)), 404, "job-not-found");
    assertThat(posted.header("RateLimit")).isNotNull();
  }

  @Test
  void aTokenDoesWhatItsScopesSay() {
    String reader = issuer.token("r", "quant.read write admin");
    problem(http.postJson("/v1/jobs", JOB, bearer(reader)), 403, "forbidden");
    String none = issuer.token("n", "openid");
    problem(http.get("/v1/jobs", bearer(none)), 403, "forbidden");
    String listed =
        issuer.token(
            "a", null, claims -> claims.claim("scp", List.of("quant.read", "quant.admin")));
    assertThat(http.get("/v1/keys", bearer(listed)).status()).isEqualTo(200);
  }

  @Test
  void anAdministratorByTokenMakesTheFirstKeyWithoutASetupToken() {
    String admin = issuer.token("a", null, claims -> claims.claim("scp", List.of("quant.admin")));
    String key = "{\"owner\": \"a\", \"scopes\": [\"admin\"]}";
    assertThat(http.postJson("/v1/keys", key, bearer(admin)).status()).isEqualTo(201);
  }

  @Test
  void aTokenThatIsNotGoodIsRefused() {
    Date past = Date.from(Instant.now().minusSeconds(3600));
    refused(issuer.token("a", "quant.read", it -> it.expirationTime(past)), "expired");
    refused(issuer.token("a", "quant.read", it -> it.issuer("https://evil.test")), "iss");
    refused(issuer.token("a", "quant.read", it -> it.audience("other")), "aud");
    refused(issuer.token(null, "quant.read"), "'sub'");
    refused(issuer.forged("a", "quant.read"), "signature");
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder().issuer(issuer.uri()).subject("a").audience("alphaquant").build();
    refused(new PlainJWT(claims).serialize(), "algorithm");
    refused("nonsense", "The token is refused");
  }

  private static void refused(String token, String reason) {
    Answer answer = problem(http.get("/v1/jobs", bearer(token)), 401, "unauthorized");
    assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
    assertThat(answer.at("/detail")).containsIgnoringCase(reason).doesNotContain(token);
  }

  @Test
  void nobodyComesInWithoutAny() {
    Answer answer = problem(http.get("/v1/jobs"), 401, "unauthorized");
    assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
  }

  @Test
  void keysWorkBesideTokens() {
    String key =
        server.get(KeyRing.class).create("carol", EnumSet.of(Scope.READ), null, null).text();
    assertThat(http.get("/v1/jobs", bearer(key)).status()).isEqualTo(200);
    String wrong = key.substring(0, key.length() - 2) + "AA";
    problem(http.get("/v1/jobs", bearer(wrong)), 401, "unauthorized");
  }

  @Test
  void anIssuerThatIsAwayStopsTokensAndNothingElse() throws IOException {
    Issuer away = new Issuer();
    away.close();
    try (RunningServer waiting = server(away.uri(), folder)) {
      problem(waiting.http().get("/v1/sign-in"), 503, "service-unavailable");
      String token = away.token("a", "quant.read");
      Answer answer =
          problem(waiting.http().get("/v1/jobs", bearer(token)), 503, "service-unavailable");
      assertThat(answer.header("Retry-After")).isNotNull();
      String key =
          waiting.get(KeyRing.class).create("carol", EnumSet.of(Scope.READ), null, null).text();
      assertThat(waiting.http().get("/v1/jobs", bearer(key)).status()).isEqualTo(200);
    }
  }

  private static String[] bearer(String token) {
    return new String[] {"Authorization", "Bearer " + token};
  }

  @Test
  void rolesWithinAnotherClaimAreScopesToo() {
    Map<String, Object> roles = Map.of("roles", List.of("quant.admin", "offline"));
    String admin = issuer.token("a", null, claims -> claims.claim("realm_access", roles));
    assertThat(http.get("/v1/keys", bearer(admin)).status()).isEqualTo(200);
    Answer caller = http.get("/v1/caller", bearer(issuer.token("a", "quant.read")));
    assertThat(caller.at("/owner")).isEqualTo("oauth2:a");
    assertThat(caller.json().at("/scopes").toString()).isEqualTo("[\"read\"]");
  }

  @Test
  void anIssuersNewKeyCountsAtOnceAndItsOldOneNoMore() {
    String before = issuer.token("a", "quant.read");
    assertThat(http.get("/v1/jobs", bearer(before)).status()).isEqualTo(200);
    issuer.rotate();
    assertThat(http.get("/v1/jobs", bearer(issuer.token("a", "quant.read"))).status())
        .isEqualTo(200);
    refused(before, "");
  }

  @Test
  void aCodeIsRedeemedOnceByWhoHasItsVerifier() {
    JsonNode oidc = http.get("/v1/sign-in").json().at("/oidc");
    assertThat(oidc.at("/authorization_endpoint").asString())
        .isEqualTo(issuer.uri() + "/authorize");
    assertThat(oidc.at("/parameters/audience").asString()).isEqualTo(Issuer.AUDIENCE);
    assertThat(oidc.toString()).doesNotContain(Issuer.SECRET);
    String code = code("a-verifier");
    Answer tokens = http.postJson("/v1/sign-in/tokens", grant(code, "a-verifier"));
    assertThat(tokens.status()).as(tokens.text()).isEqualTo(200);
    assertThat(tokens.header("Cache-Control")).isEqualTo("no-store");
    assertThat(http.get("/v1/caller", bearer(tokens.at("/access_token"))).at("/owner"))
        .isEqualTo("oauth2:alice");
    String again = "{\"refresh_token\": \"%s\"}".formatted(tokens.at("/refresh_token"));
    assertThat(http.postJson("/v1/sign-in/tokens", again).at("/access_token")).isNotEmpty();
    problem(http.postJson("/v1/sign-in/tokens", again), 401, "unauthorized");
    problem(http.postJson("/v1/sign-in/tokens", grant(code, "a-verifier")), 401, "unauthorized");
    problem(
        http.postJson("/v1/sign-in/tokens", grant(code("a-verifier"), "another")),
        401,
        "unauthorized");
    problem(http.postJson("/v1/sign-in/tokens", "{\"code\": \"c\"}"), 422, "invalid-body");
  }

  private static String code(String verifier) {
    return issuer.code(
        Map.of(
            "redirect_uri", "https://quant.test/", "code_challenge", Issuer.challenge(verifier)));
  }

  private static String grant(String code, String verifier) {
    return "{\"code\": \"%s\", \"code_verifier\": \"%s\", \"redirect_uri\": \"https://quant.test/\"}"
        .formatted(code, verifier);
  }
}
