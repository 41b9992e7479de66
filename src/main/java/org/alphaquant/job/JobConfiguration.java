package org.alphaquant.job;

import org.hibernate.cfg.MappingSettings;
import org.hibernate.type.format.jackson.Jackson3JsonFormatMapper;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.hibernate.autoconfigure.HibernatePropertiesCustomizer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ServerSettings.class, QuotaSettings.class})
class JobConfiguration {

  // Without this Hibernate takes whichever Jackson it finds first on the class path.
  @Bean
  HibernatePropertiesCustomizer storedJsonFormat() {
    return properties ->
        properties.put(
            MappingSettings.JSON_FORMAT_MAPPER, new Jackson3JsonFormatMapper(StoredJson.MAPPER));
  }

  @Bean
  WaitingJobs waitingJobs(WaitingRows rows) {
    return new WaitingJobs(rows);
  }

  @Bean
  Announcements jobAnnouncements(JdbcClient sql) {
    return new Announcements(sql);
  }

  @Bean
  JobListeners jobListeners(ObjectProvider<JobListener> listeners) {
    return new JobListeners(listeners);
  }

  @Bean
  Jobs jobs(JobRows rows, JobListeners listeners, TransactionTemplate transaction) {
    return new Jobs(rows, listeners, transaction);
  }

  @Bean
  Leases leases(LeaseRows rows, JobListeners listeners, TransactionTemplate transaction) {
    return new Leases(rows, listeners, transaction);
  }

  @Bean
  JobEvents jobEvents(JobEventRows rows, JobListeners listeners) {
    return new JobEvents(rows, listeners);
  }

  @Bean
  WebhookDeliveries webhookDeliveries(WebhookDeliveryRows rows, JobListeners listeners) {
    return new WebhookDeliveries(rows, listeners);
  }

  @Bean
  Notifications jobNotifications(JdbcConnectionDetails database, ServerSettings settings) {
    return new Notifications(database, settings.listen());
  }
}
