package org.alphaquant.security;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An issuer's endpoints, as its own description names them (OpenID Connect Discovery 1.0). */
final class IssuerEndpoints {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Duration KEEP = Duration.ofHours(1);
  private static final int LONGEST = 1 << 20;

  private final String issuer;
  private final RestClient http;
  private volatile JsonNode description;
  private volatile long askedAt;

  IssuerEndpoints(String issuer) {
    this.issuer = issuer;
    JdkClientHttpRequestFactory requests =
        new JdkClientHttpRequestFactory(
            HttpClient.newBuilder()
                .connectTimeout(TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build());
    requests.setReadTimeout(TIMEOUT);
    this.http = RestClient.builder().requestFactory(requests).build();
  }

  String issuer() {
    return issuer;
  }

  URI authorization() {
    return required("authorization_endpoint");
  }

  /** Null if the issuer has none. */
  URI endSession() {
    String address = description().path("end_session_endpoint").asString("");
    return address.isEmpty() ? null : URI.create(address);
  }

  /**
   * Requests tokens.
   *
   * @throws BadCredentialsException if the issuer refuses the grant
   * @throws AuthenticationServiceException if the issuer is unavailable
   */
  JsonNode token(Map<String, String> form) {
    MultiValueMap<String, String> fields = new LinkedMultiValueMap<>();
    form.forEach(fields::add);
    JsonNode answer =
        ask(
            http.post()
                .uri(required("token_endpoint"))
                .contentType(MediaType.APPLICATION_FORM_URLENCODED)
                .body(fields));
    if (answer.path("access_token").asString("").isEmpty()) {
      throw new AuthenticationServiceException("The issuer's answer has no access token.");
    }
    return answer;
  }

  private URI required(String name) {
    String address = description().path(name).asString("");
    if (address.isEmpty()) {
      throw new AuthenticationServiceException(
          "The description of the issuer %s has no %s.".formatted(issuer, name));
    }
    return URI.create(address);
  }

  private JsonNode description() {
    JsonNode known = description;
    if (known == null || System.nanoTime() - askedAt > KEEP.toNanos()) {
      String path = issuer.replaceFirst("/$", "") + "/.well-known/openid-configuration";
      known = ask(http.get().uri(URI.create(path)));
      askedAt = System.nanoTime();
      description = known;
    }
    return known;
  }

  private JsonNode ask(RestClient.RequestHeadersSpec<?> request) {
    try {
      return request
          .accept(MediaType.APPLICATION_JSON)
          .exchange(
              (asked, answer) ->
                  read(answer.getStatusCode(), answer.getBody().readNBytes(LONGEST)));
    } catch (RestClientException away) {
      throw new AuthenticationServiceException(
          "The issuer %s cannot be reached.".formatted(issuer), away);
    }
  }

  // RFC 6749, section 5.2: an invalid grant is a 400 with an error code, an invalid client a 401.
  private JsonNode read(HttpStatusCode status, byte[] body) throws IOException {
    JsonNode answer = json(body);
    if (status.is2xxSuccessful() && answer.isObject()) {
      return answer;
    }
    String error = answer.path("error").asString("");
    if (error.equals("invalid_grant")) {
      throw new BadCredentialsException(
          "The issuer does not take the sign-in: it has expired or was used before.");
    }
    throw new AuthenticationServiceException(
        "The issuer %s answers with status %d%s."
            .formatted(
                issuer, status.value(), error.matches("[a-z_]{1,64}") ? " (" + error + ")" : ""));
  }

  private static JsonNode json(byte[] body) {
    try {
      return JsonMapper.shared().readTree(body);
    } catch (JacksonException noJson) {
      return JsonMapper.shared().createObjectNode();
    }
  }
}
