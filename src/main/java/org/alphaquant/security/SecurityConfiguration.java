package org.alphaquant.security;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.core.userdetails.UsernameNotFoundException;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.web.servlet.HandlerExceptionResolver;

@Configuration(proxyBeanMethods = false)
@ConditionalOnWebApplication
class SecurityConfiguration {

  // Allows only the dashboard's own files; a result opened in a browser cannot run scripts.
  private static final String CONTENT_POLICY =
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
          + " form-action 'self'; frame-ancestors 'none'";

  @Bean
  SecurityFilterChain requests(
      HttpSecurity http,
      Gate gate,
      Tokens tokens,
      RateLimits limits,
      RefusedKeys refusals,
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems)
      throws Exception {
    return http.sessionManagement(it -> it.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        // Without cookies there is no CSRF.
        .csrf(it -> it.disable())
        .formLogin(it -> it.disable())
        .httpBasic(it -> it.disable())
        .logout(it -> it.disable())
        .anonymous(it -> it.disable())
        .requestCache(it -> it.disable())
        .addFilterBefore(
            new BearerFilter(gate, tokens, limits, refusals, problems), AuthorizationFilter.class)
        .authorizeHttpRequests(
            it ->
                it.requestMatchers(HttpMethod.GET, "/v1", "/v1/sign-in")
                    .permitAll()
                    .requestMatchers(HttpMethod.POST, "/v1/sign-in/tokens")
                    .permitAll()
                    .requestMatchers("/v1/keys/**", "/v1/keys")
                    .hasAuthority(Scope.ADMIN.word())
                    .requestMatchers(HttpMethod.GET, "/v1/**", "/actuator/prometheus")
                    .hasAuthority(Scope.READ.word())
                    // Its tools call the endpoints below /v1 with the same key.
                    .requestMatchers("/mcp")
                    .hasAuthority(Scope.READ.word())
                    .requestMatchers("/v1/**")
                    .hasAuthority(Scope.WRITE.word())
                    .anyRequest()
                    .permitAll())
        .exceptionHandling(
            it ->
                it.authenticationEntryPoint(
                        (request, response, e) ->
                            problems.resolveException(request, response, null, e))
                    .accessDeniedHandler(
                        (request, response, e) ->
                            problems.resolveException(request, response, null, e)))
        .headers(
            it ->
                it.contentSecurityPolicy(policy -> policy.policyDirectives(CONTENT_POLICY))
                    .referrerPolicy(policy -> policy.policy(ReferrerPolicy.NO_REFERRER))
                    // Each response sets its own Cache-Control.
                    .cacheControl(cache -> cache.disable()))
        .build();
  }

  /**
   * There are no users with passwords; without this bean Spring would create one at every start.
   */
  @Bean
  UserDetailsService noUsers() {
    return name -> {
      throw new UsernameNotFoundException("There are only keys, no users.");
    };
  }
}
