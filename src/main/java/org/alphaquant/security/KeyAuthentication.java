package org.alphaquant.security;

import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/** An authenticated caller. */
final class KeyAuthentication extends AbstractAuthenticationToken {

  private final transient Caller caller;
  private final transient Credential credential;

  KeyAuthentication(Caller caller, Credential credential) {
    super(authorities(caller.scopes()));
    this.caller = caller;
    this.credential = credential;
    setAuthenticated(true);
  }

  private static Set<SimpleGrantedAuthority> authorities(Set<Scope> scopes) {
    return scopes.stream()
        .map(scope -> new SimpleGrantedAuthority(scope.word()))
        .collect(Collectors.toSet());
  }

  Credential credential() {
    return credential;
  }

  @Override
  public Object getCredentials() {
    return "";
  }

  @Override
  public Caller getPrincipal() {
    return caller;
  }

  @Override
  public String getName() {
    return caller.owner();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyAuthentication that && caller.equals(that.caller);
  }

  @Override
  public int hashCode() {
    return caller.hashCode();
  }
}
