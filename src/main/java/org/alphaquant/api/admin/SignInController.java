package org.alphaquant.api.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.problem.Problem;
import org.alphaquant.security.Caller;
import org.alphaquant.security.Scope;
import org.alphaquant.security.SignIn;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Sign-in settings, and the identity of the caller. */
@RestController
class SignInController {

  private final SignIn signIn;

  SignInController(SignIn signIn) {
    this.signIn = signIn;
  }

  @GetMapping(path = "/v1/sign-in", produces = MediaType.APPLICATION_JSON_VALUE)
  SignInView describe() {
    return new SignInView(signIn.provider().map(ProviderView::of).orElse(null));
  }

  @PostMapping(
      path = "/v1/sign-in/tokens",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<TokensView> redeem(@RequestBody Grant grant, HttpServletRequest request) {
    SignIn.Tokens tokens = tokens(grant, request.getRemoteAddr());
    return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(TokensView.of(tokens));
  }

  private SignIn.Tokens tokens(Grant grant, String address) {
    if (grant.refreshToken() != null) {
      return signIn.refresh(grant.refreshToken(), address);
    }
    if (grant.code() == null || grant.codeVerifier() == null || grant.redirectUri() == null) {
      throw new ProblemException(
          ProblemType.INVALID_BODY,
          List.of(
              Problem.error(
                  "missing-field",
                  "/code",
                  null,
                  "must come with code_verifier and redirect_uri, unless refresh_token is given")));
    }
    return signIn.redeem(grant.code(), grant.codeVerifier(), grant.redirectUri(), address);
  }

  @GetMapping(path = "/v1/caller", produces = MediaType.APPLICATION_JSON_VALUE)
  CallerView caller() {
    Caller caller = Caller.current();
    return new CallerView(caller.owner(), caller.scopes());
  }

  /**
   * How to sign in.
   *
   * @param oidc left out where keys are the only way
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record SignInView(ProviderView oidc) {}

  /** The issuer's URLs and the parameters for the browser. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ProviderView(
      String issuer,
      @JsonProperty("authorization_endpoint") URI authorizationEndpoint,
      @JsonProperty("end_session_endpoint") URI endSessionEndpoint,
      @JsonProperty("client_id") String clientId,
      String scope,
      Map<String, String> parameters) {

    static ProviderView of(SignIn.Provider provider) {
      return new ProviderView(
          provider.issuer(),
          provider.authorization(),
          provider.endSession(),
          provider.clientId(),
          provider.scope(),
          provider.parameters());
    }
  }

  /** A code with its PKCE verifier, or a refresh token. */
  record Grant(
      String code,
      @JsonProperty("code_verifier") String codeVerifier,
      @JsonProperty("redirect_uri") String redirectUri,
      @JsonProperty("refresh_token") String refreshToken) {

    /** Leaves out secrets. */
    @Override
    public String toString() {
      return "Grant[redirectUri=%s]".formatted(redirectUri);
    }
  }

  /** The issuer's tokens. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record TokensView(
      @JsonProperty("access_token") String accessToken,
      @JsonProperty("refresh_token") String refreshToken,
      @JsonProperty("id_token") String idToken,
      @JsonProperty("expires_in") Long expiresIn) {

    static TokensView of(SignIn.Tokens tokens) {
      return new TokensView(
          tokens.accessToken(), tokens.refreshToken(), tokens.idToken(), tokens.expiresIn());
    }

    /** Without the tokens. */
    @Override
    public String toString() {
      return "TokensView[expiresIn=%s]".formatted(expiresIn);
    }
  }

  /** The owner and scopes of the request. */
  record CallerView(String owner, Set<Scope> scopes) {}
}
