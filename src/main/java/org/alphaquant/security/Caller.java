package org.alphaquant.security;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * The caller of the current request.
 *
 * @param owner owner of the jobs that it creates and sees
 * @param scopes what it may do
 */
public record Caller(String owner, Set<Scope> scopes) {

  /** The anonymous caller of a service without keys. */
  static final Caller LOCAL = new Caller("local", EnumSet.allOf(Scope.class));

  public Caller {
    EnumSet<Scope> sorted = EnumSet.noneOf(Scope.class);
    sorted.addAll(scopes);
    scopes = Collections.unmodifiableSet(sorted);
  }

  /**
   * @throws IllegalStateException outside of an authenticated request
   */
  public static Caller current() {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    if (authentication != null && authentication.getPrincipal() instanceof Caller caller) {
      return caller;
    }
    throw new IllegalStateException("there is no caller");
  }

  /** Whether it may see what belongs to this owner. */
  public boolean sees(String otherOwner) {
    return isAdmin() || owner.equals(otherOwner);
  }

  public boolean isAdmin() {
    return scopes.contains(Scope.ADMIN);
  }
}
