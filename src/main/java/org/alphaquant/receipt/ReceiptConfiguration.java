package org.alphaquant.receipt;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ReceiptSettings.class)
class ReceiptConfiguration {

  // An unusable key prevents the start, because a missed receipt cannot be issued later.
  @Bean
  @ConditionalOnProperty("alphaquant.receipts.key-file")
  Receipts receipts(ReceiptSettings settings) {
    return new Receipts(SigningKey.read(settings.keyFile()));
  }
}
