package org.alphaquant.hub;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.server.ServerSettings;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HubSettings.class)
class HubConfiguration {

  @Bean
  Hub hub(HubSettings settings, ServerSettings server, JdbcClient sql, Environment environment) {
    HubPlace place = HubPlace.of(settings, System.getenv(), server.dataDir());
    return new Hub(settings, place.alsoReading(roots(environment)), sql);
  }

  /** Below a root for models there may be folders in the layout of a cache. */
  private static List<Path> roots(Environment environment) {
    return Binder.get(environment)
        .bind("alphaquant.models.roots", Bindable.listOf(Path.class))
        .orElse(List.of(Path.of("models")));
  }
}
