package org.alphaquant.webhook;

import org.alphaquant.server.ServerSettings.Role;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Matches if hosts are allowed, in every role except {@code worker}. */
final class SendsWebhooks implements Condition {
  @Override
  public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
    Binder binder = Binder.get(context.getEnvironment());
    Role role = binder.bind("alphaquant.role", Role.class).orElse(Role.ALL);
    String[] hosts =
        binder.bind("alphaquant.webhooks.allowed-hosts", String[].class).orElse(new String[0]);
    return role != Role.WORKER && hosts.length > 0;
  }
}
