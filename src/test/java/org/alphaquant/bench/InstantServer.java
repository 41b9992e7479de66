package org.alphaquant.bench;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.alphaquant.AlphaQuantServer;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.plan.JobPlanner;
import org.alphaquant.job.plan.JobPreflight;
import org.alphaquant.worker.JobRunner;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The whole service in this process, on a durable database; its jobs are done at once. */
final class InstantServer implements AutoCloseable {
  static final int SLOTS = 8;

  private static final JobResult NOTHING = new JobResult(null, null, List.of());

  private final ConfigurableApplicationContext context;

  InstantServer(Path data) {
    context =
        new SpringApplicationBuilder(AlphaQuantServer.class)
            .bannerMode(Banner.Mode.OFF)
            .initializers(
                (GenericApplicationContext it) ->
                    it.addBeanFactoryPostProcessor(InstantServer::replaceTheWork))
            .run(
                "--server.port=0",
                "--management.server.port=0",
                "--alphaquant.data-dir=" + data,
                "--alphaquant.worker.devices="
                    + String.join(",", Collections.nCopies(SLOTS, "cpu")));
  }

  private static void replaceTheWork(ConfigurableListableBeanFactory factory) {
    replace(factory, JobRunner.class, () -> job -> NOTHING);
    replace(factory, JobPreflight.class, () -> spec -> List.of());
    replace(factory, JobPlanner.class, () -> spec -> null);
  }

  private static <T> void replace(
      ConfigurableListableBeanFactory factory, Class<T> type, Supplier<T> replacement) {
    BeanDefinitionRegistry beans = (BeanDefinitionRegistry) factory;
    for (String name : factory.getBeanNamesForType(type, true, false)) {
      beans.removeBeanDefinition(name);
    }
    beans.registerBeanDefinition(
        "instant" + type.getSimpleName(),
        BeanDefinitionBuilder.rootBeanDefinition(type, replacement).getBeanDefinition());
  }

  JdbcClient sql() {
    return bean(JdbcClient.class);
  }

  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  String address() {
    int port = ((WebServerApplicationContext) context).getWebServer().getPort();
    return "http://localhost:" + port;
  }

  @Override
  public void close() {
    context.close();
  }
}
