package org.alphaquant.worker;

import org.alphaquant.server.ServerSettings.Role;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Matches in every role except {@code api}. */
public final class RunsJobs implements Condition {
  @Override
  public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
    return Binder.get(context.getEnvironment())
        .bind("alphaquant.role", Role.class)
        .orElse(Role.ALL)
        .runsJobs();
  }
}
