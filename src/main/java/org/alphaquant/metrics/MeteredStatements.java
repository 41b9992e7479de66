package org.alphaquant.metrics;

import java.util.List;
import java.util.Optional;
import org.alphaquant.job.Job;
import org.alphaquant.job.Jobs;
import org.alphaquant.job.Leases;
import org.alphaquant.job.Submission;
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

  private final ObjectProvider<JobMeters> meters;

  MeteredStatements(ObjectProvider<JobMeters> meters) {
    this.meters = meters;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    if (!(bean instanceof Jobs) && !(bean instanceof Leases)) {
      return bean;
    }
    ProxyFactory factory = new ProxyFactory(bean);
    factory.addAdvice((MethodInterceptor) this::count);
    return factory.getProxy();
  }

  private Object count(MethodInvocation call) throws Throwable {
    Object answer = call.proceed();
    JobMeters counted = meters.getObject();
    switch (call.getMethod().getName()) {
      case "create" -> created((Submission) answer, counted);
      case "claim" -> rows(answer).forEach(counted::claimed);
      case "reap" -> rows(answer).forEach(counted::leaseLost);
      case "cancel", "succeed", "fail", "cancelled", "giveBack" ->
          rows(answer).forEach(counted::written);
      default -> {
        return answer;
      }
    }
    return answer;
  }

  private static void created(Submission submission, JobMeters counted) {
    if (!submission.replayed()) {
      counted.created();
    }
  }

  private static List<Job> rows(Object answer) {
    List<?> rows = answer instanceof Optional<?> row ? row.stream().toList() : (List<?>) answer;
    return rows.stream().map(Job.class::cast).toList();
  }
}
