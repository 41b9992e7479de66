package org.alphaquant.security;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** Authenticates requests by key or token; allows anonymous access while no key exists. */
final class BearerFilter extends OncePerRequestFilter {

  private static final String SCHEME = "Bearer ";
  // Later dispatches of the same request keep its caller and do not count as requests.
  private static final String ENTERED = BearerFilter.class.getName() + ".entered";

  private final Gate gate;
  private final Tokens tokens;
  private final RateLimits limits;
  private final RefusedKeys refusals;
  private final HandlerExceptionResolver problems;

  BearerFilter(
      Gate gate,
      Tokens tokens,
      RateLimits limits,
      RefusedKeys refusals,
      HandlerExceptionResolver problems) {
    this.refusals = refusals;
    this.gate = gate;
    this.tokens = tokens;
    this.limits = limits;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    try {
      if (request.getAttribute(ENTERED) instanceof KeyAuthentication before) {
        enter(before);
      } else {
        authenticate(request, response);
        request.setAttribute(ENTERED, SecurityContextHolder.getContext().getAuthentication());
      }
    } catch (AuthenticationException | TooManyRequestsException | DataAccessException e) {
      problems.resolveException(request, response, null, e);
      return;
    }
    chain.doFilter(request, response);
  }

  /** Probes must work even if the database is unavailable. */
  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    String path = request.getRequestURI().substring(request.getContextPath().length());
    return !path.startsWith("/v1/")
        && !path.equals("/mcp")
        && !path.startsWith("/actuator/prometheus");
  }

  private void authenticate(HttpServletRequest request, HttpServletResponse response) {
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null) {
      if (!tokens.areAccepted() && gate.isOpen()) {
        enter(new KeyAuthentication(Caller.LOCAL, Credential.NONE));
      }
      return;
    }
    if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw new BadCredentialsException("Authorization must be: Bearer <key>.");
    }
    String credential = header.substring(SCHEME.length()).strip();
    enter(
        tokens.areAccepted() && !credential.startsWith(KeyText.PREFIX)
            ? withToken(credential, response)
            : withKey(credential, request, response));
  }

  private KeyAuthentication withToken(String token, HttpServletResponse response) {
    KeyAuthentication caller = tokens.admit(token);
    limits.take("token of " + caller.getName(), response);
    return caller;
  }

  private KeyAuthentication withKey(
      String text, HttpServletRequest request, HttpServletResponse response) {
    ApiKey key = gate.known(text).orElseGet(() -> lookUp(text, request.getRemoteAddr()));
    limits.take(key.id(), response);
    return new KeyAuthentication(new Caller(key.owner(), key.scopes()), Credential.key(key.id()));
  }

  private ApiKey lookUp(String text, String address) {
    refusals.check(address);
    return gate.admit(text)
        .orElseThrow(
            () -> {
              refusals.refused(address);
              return new BadCredentialsException("The key is unknown, has expired or was revoked.");
            });
  }

  private static void enter(KeyAuthentication caller) {
    SecurityContext context = SecurityContextHolder.createEmptyContext();
    context.setAuthentication(caller);
    SecurityContextHolder.setContext(context);
  }

  // Other dispatches of the same request write the response of a stream.
  @Override
  protected boolean shouldNotFilterAsyncDispatch() {
    return false;
  }

  @Override
  protected boolean shouldNotFilterErrorDispatch() {
    return true;
  }
}
