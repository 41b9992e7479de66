package org.alphaquant.upload;

import java.time.Duration;
import java.util.Optional;
import org.alphaquant.background.Rounds;
import org.alphaquant.server.ServerSettings;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(UploadSettings.class)
class UploadConfiguration {

  private static final Duration RETRY_DELAY = Duration.ofMinutes(1);

  @Bean
  Uploads uploads(
      JdbcClient sql,
      ServerSettings server,
      UploadSettings settings,
      ObjectProvider<UploadMirror> mirror) {
    return new Uploads(
        sql,
        server.dataDir().resolve("uploads"),
        settings,
        Optional.ofNullable(mirror.getIfAvailable()));
  }

  @Bean
  Rounds uploadSweep(Uploads uploads, UploadSettings settings) {
    return new Rounds(
        "upload-sweep",
        RETRY_DELAY,
        () -> {
          uploads.sweep();
          return settings.sweepEvery();
        });
  }
}
