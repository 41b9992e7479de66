package org.alphaquant.fetch;

import java.time.Duration;
import org.alphaquant.background.Rounds;
import org.alphaquant.hub.Hub;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.upload.Uploads;
import org.alphaquant.worker.JobRunner;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
class FetchConfiguration {

  private static final double LEASE_SECONDS = 30;
  private static final Duration RETRY_DELAY = Duration.ofSeconds(5);

  @Bean
  HubModels hubModels(Hub hub, SourceSettings sources, Texts texts) {
    return new HubModels(hub, sources.modelRoots(), texts);
  }

  @Bean
  Texts remoteTexts(Hub hub, SourceSettings sources, Uploads uploads) {
    return new Texts(hub, sources.fileRoots(), uploads);
  }

  @Bean
  ModelDownloads modelDownloads(JdbcClient sql) {
    return new ModelDownloads(sql, LEASE_SECONDS);
  }

  @Bean
  Library modelLibrary(Hub hub, SourceSettings sources, ModelDownloads downloads) {
    return new Library(hub, sources.modelRoots(), downloads);
  }

  /** In the processes that run jobs, which are the ones that the models are for. */
  @Bean
  Rounds modelPrefetches(Hub hub, ModelDownloads downloads, ServerSettings settings) {
    Prefetcher prefetcher = new Prefetcher(hub, downloads);
    boolean here = settings.role().runsJobs() && hub.isOn();
    return new Rounds(
        "model-downloads", RETRY_DELAY, () -> here ? prefetcher.go() : Duration.ofHours(1));
  }

  /** Whatever runs jobs runs them on what was brought first. */
  @Bean
  static BeanPostProcessor fetchesBeforeJobsRun(
      ObjectProvider<Hub> hub, ObjectProvider<HubModels> models, ObjectProvider<Texts> texts) {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof JobRunner runner
            ? new FetchingRunner(runner, hub.getObject(), models.getObject(), texts.getObject())
            : bean;
      }
    };
  }
}
