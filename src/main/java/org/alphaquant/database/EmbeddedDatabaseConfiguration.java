package org.alphaquant.database;

import org.alphaquant.server.ServerSettings;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.NoneNestedConditions;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

// An auto-configuration, because it must see whether another database is configured.
@AutoConfiguration(before = DataSourceAutoConfiguration.class)
@ConditionalOnMissingBean(JdbcConnectionDetails.class)
@Conditional(EmbeddedDatabaseConfiguration.NoDatabaseConfigured.class)
class EmbeddedDatabaseConfiguration {

  @Bean(destroyMethod = "close")
  EmbeddedDatabase embeddedDatabase(ServerSettings settings) {
    return EmbeddedDatabase.start(settings.dataDir());
  }

  @Bean
  JdbcConnectionDetails embeddedDatabaseConnection(EmbeddedDatabase database) {
    return new JdbcConnectionDetails() {
      @Override
      public String getJdbcUrl() {
        return database.jdbcUrl();
      }

      @Override
      public String getUsername() {
        return "postgres";
      }

      @Override
      public String getPassword() {
        return database.password();
      }
    };
  }

  static class NoDatabaseConfigured extends NoneNestedConditions {
    NoDatabaseConfigured() {
      super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnProperty("spring.datasource.url")
    static class UrlConfigured {}
  }
}
