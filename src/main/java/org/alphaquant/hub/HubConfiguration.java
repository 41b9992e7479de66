package org.alphaquant.hub;

import org.alphaquant.job.ServerSettings;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HubSettings.class)
class HubConfiguration {

  @Bean
  Hub hub(HubSettings settings, ServerSettings server, JdbcClient sql) {
    return new Hub(settings, HubPlace.of(settings, System.getenv(), server.dataDir()), sql);
  }
}
