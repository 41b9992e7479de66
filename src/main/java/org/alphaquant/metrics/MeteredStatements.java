package org.alphaquant.metrics;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.job.Job;
import org.alphaquant.job.Jobs;
import org.alphaquant.job.Leases;
import org.alphaquant.job.Submission;
import org.alphaquant.job.WebhookDeliveries;
import org.alphaquant.job.WebhookDelivery;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Counts by the rows that statements return: what was not written is never counted, and whoever
 * runs a statement need not know of metrics.
 */
final class MeteredStatements implements BeanPostProcessor {

  private static final Set<String> SETTLING = Set.of("finish", "postpone", "giveUpOverdue");

  private final ObjectProvider<JobMeters> jobs;
  private final ObjectProvider<WebhookMeters> webhooks;

  MeteredStatements(ObjectProvider<JobMeters> jobs, ObjectProvider<WebhookMeters> webhooks) {
    this.jobs = jobs;
    this.webhooks = webhooks;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    if (bean instanceof Jobs || bean instanceof Leases) {
      return around(bean, this::countJobs);
    }
    return bean instanceof WebhookDeliveries ? around(bean, this::countDeliveries) : bean;
  }

  private static Object around(Object bean, MethodInterceptor count) {
    ProxyFactory factory = new ProxyFactory(bean);
    factory.addAdvice(count);
    return factory.getProxy();
  }

  private Object countJobs(MethodInvocation call) throws Throwable {
    Object answer = call.proceed();
    JobMeters counted = jobs.getObject();
    switch (call.getMethod().getName()) {
      case "create" -> created((Submission) answer, counted);
      case "claim" -> rows(answer, Job.class).forEach(counted::claimed);
      case "reap" -> rows(answer, Job.class).forEach(counted::leaseLost);
      case "cancel", "succeed", "fail", "cancelled", "giveBack" ->
          rows(answer, Job.class).forEach(counted::written);
      default -> {
        return answer;
      }
    }
    return answer;
  }

  private Object countDeliveries(MethodInvocation call) throws Throwable {
    Object answer = call.proceed();
    if (SETTLING.contains(call.getMethod().getName())) {
      rows(answer, WebhookDelivery.class).forEach(webhooks.getObject()::written);
    }
    return answer;
  }

  private static void created(Submission submission, JobMeters counted) {
    if (!submission.replayed()) {
      counted.created();
    }
  }

  private static <T> List<T> rows(Object answer, Class<T> type) {
    List<?> rows = answer instanceof Optional<?> row ? row.stream().toList() : (List<?>) answer;
    return rows.stream().map(type::cast).toList();
  }
}
