package org.alphaquant.background;

import org.alphaquant.server.ServerSettings;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The connection that listens to the database. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ServerSettings.class)
public class BackgroundConfiguration {

  @Bean
  Notifications jobNotifications(JdbcConnectionDetails database, ServerSettings settings) {
    return new Notifications(database, settings.listen());
  }
}
