package org.alphaquant.store;

import org.alphaquant.background.Rounds;
import org.alphaquant.cache.ModelCache;
import org.alphaquant.job.row.RetentionSettings;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({StoresSettings.class, ResultSettings.class})
class StoreConfiguration {

  private static final int BATCH = 20;

  @Bean
  Stores stores(StoresSettings settings, ModelCache cache) {
    return new Stores(settings.stores(), cache);
  }

  @Bean
  StoreRows storeRows(JdbcClient sql) {
    return new StoreRows(sql);
  }

  @Bean
  StoredResults storedResults(
      Stores stores,
      StoreRows rows,
      PlatformTransactionManager transactions,
      ResultSettings settings) {
    return new StoredResults(stores, rows, new TransactionTemplate(transactions), settings);
  }

  /** Beans of every process that uses stores. */
  @Bean
  Rounds storeSweep(StoredResults results, RetentionSettings retention, StoresSettings stores) {
    double keepSeconds = retention.attempts().toMillis() / 1000.0;
    return new Rounds(
        "store-sweep",
        retention.sweepEvery(),
        () -> {
          while (!stores.stores().isEmpty() && results.sweep(keepSeconds, BATCH)) {
            // Repeats until nothing is left to delete.
          }
          return retention.sweepEvery();
        });
  }
}
