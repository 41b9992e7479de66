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
  static AnnouncedStatements announcedStatements(ObjectProvider<Announcements> announcements) {
    return new AnnouncedStatements(announcements);
  }

  @Bean
  Notifications jobNotifications(JdbcConnectionDetails database, ServerSettings settings) {
    return new Notifications(database, settings.listen());
  }
}
