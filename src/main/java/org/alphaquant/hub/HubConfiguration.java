package org.alphaquant.hub;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.cache.ModelCache;
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

  private static final Duration LEASE = Duration.ofSeconds(60);

  @Bean
  HubPlace hubPlace(HubSettings settings, ServerSettings server, Environment environment) {
    return HubPlace.of(settings, System.getenv(), server.dataDir()).alsoReading(roots(environment));
  }

  /** Downloads from the hub and from stores share one cache. */
  @Bean
  ModelCache modelCache(HubSettings settings, HubPlace place, JdbcClient sql) {
    return new ModelCache(settings.forCache(), place.cache(), place.caches(), sql, LEASE);
  }

  @Bean
  Hub hub(HubSettings settings, HubPlace place, ModelCache cache) {
    return new Hub(settings, place, cache);
  }

  /** A models root may be a cache or contain one, as {@code HF_HOME} does. */
  private static List<Path> roots(Environment environment) {
    return Binder.get(environment)
        .bind("alphaquant.models.roots", Bindable.listOf(Path.class))
        .orElse(List.of(Path.of("models")))
        .stream()
        .flatMap(root -> Stream.of(root, root.resolve("hub")))
        .toList();
  }
}
