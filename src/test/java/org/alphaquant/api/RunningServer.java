package org.alphaquant.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alphaquant.AlphaQuantServer;
import org.alphaquant.QuickJvm;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.plan.JobPlanner;
import org.alphaquant.job.plan.JobPreflight;
import org.alphaquant.problem.Problem;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/**
 * The whole application on a port and a database of its own, without a worker. Models and files are
 * looked at only where a root for models is given; elsewhere a job is refused for the model {@code
 * refused} alone.
 */
final class RunningServer implements AutoCloseable {
  static final String SETUP_TOKEN = "a-token-of-the-tests";

  private final ConfigurableApplicationContext context;
  private final JdbcConnectionDetails database;
  private final Path dataDirectory;

  RunningServer() {
    this(Map.of());
  }

  RunningServer(Map<String, Object> properties) {
    this(properties, context -> {});
  }

  RunningServer(Map<String, Object> properties, Consumer<GenericApplicationContext> beans) {
    this(TestDatabases.create(), properties, beans);
  }

  RunningServer(
      JdbcConnectionDetails database,
      Map<String, Object> properties,
      Consumer<GenericApplicationContext> beans) {
    this.database = database;
    this.dataDirectory = temporaryDirectory();
    Map<String, Object> all =
        new HashMap<>(
            Map.of(
                "server.port",
                0,
                "management.server.port",
                0,
                "alphaquant.security.setup-token",
                SETUP_TOKEN,
                "alphaquant.role",
                "api",
                "alphaquant.preflight.runner",
                "false",
                "alphaquant.runner.options",
                QuickJvm.RUNNER_OPTIONS,
                "alphaquant.data-dir",
                dataDirectory.toString()));
    all.putAll(properties);
    this.context =
        new SpringApplicationBuilder(AlphaQuantServer.class)
            .bannerMode(Banner.Mode.OFF)
            .initializers(
                (GenericApplicationContext it) ->
                    it.registerBean(JdbcConnectionDetails.class, () -> database),
                (GenericApplicationContext it) -> {
                  if (!properties.containsKey("alphaquant.models.roots")) {
                    it.addBeanFactoryPostProcessor(RunningServer::replacePreflight);
                  }
                },
                (GenericApplicationContext it) -> beans.accept(it))
            .run(arguments(all));
  }

  /**
   * With a worker that runs jobs of the micro models in threads of this process.
   *
   * @param files folder of texts
   */
  static RunningServer working(Path files, Map<String, Object> more) {
    Map<String, Object> properties =
        new HashMap<>(
            Map.of(
                "alphaquant.role",
                "all",
                "alphaquant.runner.mode",
                "thread",
                "alphaquant.worker.devices",
                "cpu",
                "alphaquant.worker.poll-every",
                "200ms",
                "alphaquant.models.roots",
                "src/test/resources/micro",
                "alphaquant.files.roots",
                files.toString()));
    properties.putAll(more);
    return new RunningServer(properties);
  }

  private static void replacePreflight(ConfigurableListableBeanFactory factory) {
    BeanDefinitionRegistry beans = (BeanDefinitionRegistry) factory;
    for (Class<?> type : List.of(JobPreflight.class, JobPlanner.class)) {
      for (String name : factory.getBeanNamesForType(type, true, false)) {
        beans.removeBeanDefinition(name);
      }
    }
    beans.registerBeanDefinition(
        "preflight",
        BeanDefinitionBuilder.rootBeanDefinition(JobPreflight.class, () -> RunningServer::check)
            .getBeanDefinition());
  }

  private static List<Problem> check(JobSpec spec) {
    return spec.model().equals("refused")
        ? List.of(
            Problem.error("unknown-format", "/config/default/wq", "int5", "is no format")
                .allowing(List.of("int4", "int8")))
        : List.of();
  }

  // As arguments, because the application's own files would win over default properties.
  private static String[] arguments(Map<String, Object> properties) {
    return properties.entrySet().stream()
        .map(property -> "--" + property.getKey() + "=" + property.getValue())
        .toArray(String[]::new);
  }

  /** One for all tests that need nothing special of it. */
  static RunningServer shared() {
    return Shared.SERVER;
  }

  <T> T get(Class<T> type) {
    return context.getBean(type);
  }

  Http http() {
    int port = ((WebServerApplicationContext) context).getWebServer().getPort();
    return new Http("http://localhost:" + port);
  }

  /** Its probes and metrics, which are on a port of their own. */
  Http management() {
    return new Http(
        "http://localhost:" + context.getEnvironment().getProperty("local.management.port"));
  }

  JdbcConnectionDetails database() {
    return database;
  }

  Path dataDirectory() {
    return dataDirectory;
  }

  @Override
  public void close() {
    context.close();
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("alphaquant-api").toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Shared {
    private static final RunningServer SERVER = new RunningServer();

    static {
      Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close));
    }
  }
}
