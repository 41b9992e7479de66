package org.alphaquant.job.queue;

import java.util.Map;
import org.alphaquant.background.BackgroundConfiguration;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.job.delivery.DeliveryConfiguration;
import org.alphaquant.job.row.RowConfiguration;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurationPackage;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;

/** The job package alone on a database of its own; for tests of its statements. */
public final class JobDatabase implements AutoCloseable, AfterAllCallback {
  private final ConfigurableApplicationContext context;

  public JobDatabase() {
    this(TestDatabases.create());
  }

  public JobDatabase(JdbcConnectionDetails database) {
    context =
        new SpringApplicationBuilder(Application.class)
            .web(WebApplicationType.NONE)
            .bannerMode(Banner.Mode.OFF)
            .initializers(
                (GenericApplicationContext it) ->
                    it.registerBean(JdbcConnectionDetails.class, () -> database))
            .properties(Map.of("spring.datasource.hikari.maximum-pool-size", 16))
            .run();
  }

  public <T> T get(Class<T> type) {
    return context.getBean(type);
  }

  /** Closes it, where a class of tests registers it. */
  @Override
  public void afterAll(ExtensionContext test) {
    close();
  }

  @Override
  public void close() {
    context.close();
  }

  // No @Configuration, or the whole application would find it on the test class path.
  @EnableAutoConfiguration
  @AutoConfigurationPackage(basePackages = "org.alphaquant.job")
  @Import({
    BackgroundConfiguration.class,
    RowConfiguration.class,
    QueueConfiguration.class,
    DeliveryConfiguration.class
  })
  public static class Application {}
}
