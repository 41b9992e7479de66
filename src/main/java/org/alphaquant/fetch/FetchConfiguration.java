package org.alphaquant.fetch;

import java.time.Duration;
import java.util.Optional;
import org.alphaquant.background.Rounds;
import org.alphaquant.hub.Hub;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.StoredResults;
import org.alphaquant.store.Stores;
import org.alphaquant.upload.Uploads;
import org.alphaquant.worker.JobRunner;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TrafficSettings.class)
class FetchConfiguration {

  private static final double LEASE_SECONDS = 30;
  private static final Duration RETRY_DELAY = Duration.ofSeconds(5);

  @Bean
  Models remoteModels(Hub hub, Stores stores, SourceSettings sources, Texts texts) {
    return new Models(hub, stores, sources.modelRoots(), texts);
  }

  @Bean
  Texts remoteTexts(
      Hub hub,
      Stores stores,
      SourceSettings sources,
      Uploads uploads,
      ObjectProvider<StoredUploads> elsewhere) {
    return new Texts(
        hub, stores, sources.fileRoots(), uploads, Optional.ofNullable(elsewhere.getIfAvailable()));
  }

  @Bean
  PrometheusTraffic prometheusTraffic(TrafficSettings settings) {
    return new PrometheusTraffic(settings);
  }

  @Bean
  ModelDownloads modelDownloads(JdbcClient sql) {
    return new ModelDownloads(sql, LEASE_SECONDS);
  }

  @Bean
  Library modelLibrary(Hub hub, Stores stores, SourceSettings sources, ModelDownloads downloads) {
    return new Library(hub, stores, sources.modelRoots(), downloads);
  }

  /** Only in processes that run jobs. */
  @Bean
  Rounds modelPrefetches(
      Hub hub, Stores stores, ModelDownloads downloads, ServerSettings settings) {
    return prefetches(hub, stores, downloads, settings);
  }

  /** A second thread, so that one slow model does not delay all others. */
  @Bean
  Rounds furtherModelPrefetches(
      Hub hub, Stores stores, ModelDownloads downloads, ServerSettings settings) {
    return prefetches(hub, stores, downloads, settings);
  }

  private static Rounds prefetches(
      Hub hub, Stores stores, ModelDownloads downloads, ServerSettings settings) {
    Prefetcher prefetcher = new Prefetcher(hub, stores, downloads);
    boolean here = settings.role().runsJobs() && (hub.isOn() || stores.isOn());
    return new Rounds(
        "model-downloads", RETRY_DELAY, () -> here ? prefetcher.go() : Duration.ofHours(1));
  }

  /** An empty variable counts as not set. */
  @Bean
  @ConditionalOnExpression("!'${alphaquant.uploads.location:}'.isBlank()")
  StoredUploads storedUploads(
      Stores stores, @Value("${alphaquant.uploads.location}") String location) {
    if (!StoreAddress.is(location)) {
      throw new IllegalArgumentException(
          "alphaquant.uploads.location is '%s' but must be s3://store/path".formatted(location));
    }
    return new StoredUploads(stores, StoreAddress.of(location));
  }

  @Bean
  KeptCalibrations keptCalibrations(Jobs jobs, StoredResults results, ServerSettings settings) {
    return new KeptCalibrations(jobs, results, settings);
  }

  @Bean
  OutputCheck outputCheck(StoredResults results) {
    return new OutputCheck(results);
  }

  /** Wraps every runner of jobs with the downloads before a run and the upload of its result. */
  @Bean
  static BeanPostProcessor transfersAroundJobs(
      ObjectProvider<Hub> hub,
      ObjectProvider<Stores> stores,
      ObjectProvider<Models> models,
      ObjectProvider<Texts> texts,
      ObjectProvider<KeptCalibrations> calibrations,
      ObjectProvider<StoredResults> results) {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof JobRunner runner
            ? new PublishingRunner(
                new FetchingRunner(
                    new LayerSharingRunner(runner, results.getObject()),
                    hub.getObject(),
                    stores.getObject(),
                    models.getObject(),
                    texts.getObject(),
                    calibrations.getObject()),
                results.getObject())
            : bean;
      }
    };
  }
}
