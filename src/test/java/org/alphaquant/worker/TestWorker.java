package org.alphaquant.worker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.alphaquant.job.queue.JobDatabase;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;

/** A worker in this JVM, with short times and a runner of the test's own. */
public final class TestWorker implements AutoCloseable {
  private final ConfigurableApplicationContext context;
  private final List<Integer> exits = new CopyOnWriteArrayList<>();

  public TestWorker(
      JdbcConnectionDetails database, Path data, JobRunner runner, String... properties) {
    this(database, data, runner, Thread::new, properties);
  }

  TestWorker(
      JdbcConnectionDetails database,
      Path data,
      JobRunner runner,
      AttemptThreads threads,
      String... properties) {
    Map<String, Object> settings =
        new HashMap<>(
            Map.of(
                "alphaquant.data-dir", data.toString(),
                "alphaquant.worker.devices", "cpu",
                "alphaquant.worker.lease", "3s",
                "alphaquant.worker.renew-every", "500ms",
                "alphaquant.worker.trust-margin", "1s",
                "alphaquant.worker.poll-every", "200ms",
                "alphaquant.worker.reap-every", "200ms",
                "alphaquant.worker.retry-backoff", "10ms",
                "alphaquant.worker.progress-every", "10ms",
                "spring.datasource.hikari.connection-timeout", "1000"));
    settings.put("spring.datasource.hikari.data-source-properties.socketTimeout", "2");
    for (String property : new ArrayList<>(List.of(properties))) {
      settings.put("alphaquant.worker." + property.split("=")[0], property.split("=")[1]);
    }
    context =
        new SpringApplicationBuilder(Application.class)
            .web(WebApplicationType.NONE)
            .bannerMode(Banner.Mode.OFF)
            .initializers(
                (GenericApplicationContext it) -> {
                  it.registerBean(JdbcConnectionDetails.class, () -> database);
                  it.registerBean(JobRunner.class, () -> runner);
                  it.registerBean(AttemptThreads.class, () -> threads);
                  it.registerBean(ProcessExit.class, () -> exits::add);
                })
            .run(arguments(settings));
  }

  // As arguments, because the application's own file would win over default properties.
  private static String[] arguments(Map<String, Object> settings) {
    return settings.entrySet().stream()
        .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
        .toArray(String[]::new);
  }

  public <T> T get(Class<T> type) {
    return context.getBean(type);
  }

  /** Statuses that this worker wanted to end its process with. */
  public List<Integer> exits() {
    return exits;
  }

  @Override
  public void close() {
    context.close();
  }

  @Import({JobDatabase.Application.class, WorkerConfiguration.class})
  static class Application {}
}
