package org.alphaquant.fetch;

import org.alphaquant.hub.Hub;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.worker.JobRunner;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class FetchConfiguration {

  @Bean
  HubModels hubModels(Hub hub, SourceSettings sources) {
    return new HubModels(hub, sources.modelRoots());
  }

  /** Whatever runs jobs runs them on what was brought first. */
  @Bean
  static BeanPostProcessor fetchesBeforeJobsRun(
      ObjectProvider<Hub> hub, ObjectProvider<HubModels> models) {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof JobRunner runner
            ? new FetchingRunner(runner, hub.getObject(), models.getObject())
            : bean;
      }
    };
  }
}
