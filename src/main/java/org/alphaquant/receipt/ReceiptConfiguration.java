package org.alphaquant.receipt;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ReceiptSettings.class)
class ReceiptConfiguration {

  // A key that cannot be used ends the start: a receipt that is missed later cannot be made up for.
  @Bean
  @ConditionalOnProperty("alphaquant.receipts.key-file")
  Receipts receipts(ReceiptSettings settings) {
    return new Receipts(SigningKey.read(settings.keyFile()));
  }
}
