package org.alphaquant.job.row;

import org.hibernate.cfg.MappingSettings;
import org.hibernate.type.format.jackson.Jackson3JsonFormatMapper;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.hibernate.autoconfigure.HibernatePropertiesCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** The beans of the job's row and its history. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(QuotaSettings.class)
public class RowConfiguration {

  // Without this, Hibernate uses the first Jackson version on the class path.
  @Bean
  HibernatePropertiesCustomizer storedJsonFormat() {
    return properties ->
        properties.put(
            MappingSettings.JSON_FORMAT_MAPPER, new Jackson3JsonFormatMapper(StoredJson.MAPPER));
  }

  @Bean
  Announcements jobAnnouncements(JdbcClient sql) {
    return new Announcements(sql);
  }

  @Bean
  Listeners<JobListener> jobListeners(ObjectProvider<JobListener> listeners) {
    return new Listeners<>(listeners);
  }

  @Bean
  Jobs jobs(JobRows rows, Listeners<JobListener> listeners, TransactionTemplate transaction) {
    return new Jobs(rows, listeners, transaction);
  }

  @Bean
  JobEvents jobEvents(JobEventRows rows, Listeners<JobListener> listeners) {
    return new JobEvents(rows, listeners);
  }
}
