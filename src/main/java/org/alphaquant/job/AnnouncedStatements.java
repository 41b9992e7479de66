package org.alphaquant.job;

import java.util.List;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.data.repository.core.support.RepositoryFactoryBeanSupport;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Has what the {@link Announced} statements return announced, whoever calls them. */
final class AnnouncedStatements implements BeanPostProcessor, MethodInterceptor {
  private final ObjectProvider<Announcements> announcements;

  AnnouncedStatements(ObjectProvider<Announcements> announcements) {
    this.announcements = announcements;
  }

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof RepositoryFactoryBeanSupport<?, ?, ?> repositories) {
      repositories.addRepositoryFactoryCustomizer(
          factory ->
              factory.addRepositoryProxyPostProcessor(
                  (proxy, repository) -> proxy.addAdvice(this)));
    }
    return bean;
  }

  @Override
  public Object invoke(MethodInvocation call) throws Throwable {
    Object answer = call.proceed();
    if (call.getMethod().isAnnotationPresent(Announced.class)) {
      onceCommitted(Announcement.of(answer));
    }
    return answer;
  }

  // Earlier, somebody could look and find nothing.
  private void onceCommitted(List<Announcement> changes) {
    if (changes.isEmpty()) {
      return;
    }
    if (!TransactionSynchronizationManager.isSynchronizationActive()) {
      announcements.getObject().add(changes);
      return;
    }
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            announcements.getObject().add(changes);
          }
        });
  }
}
