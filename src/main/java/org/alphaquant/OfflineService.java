package org.alphaquant;

import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;

/**
 * The service's parts without its server and its threads, for commands that work on its database: a
 * command must not sweep, or end other processes' leases.
 */
final class OfflineService {
  private OfflineService() {}

  static ConfigurableApplicationContext start(List<String> properties, String... more) {
    List<String> arguments = new ArrayList<>(properties);
    arguments.addAll(List.of(more));
    arguments.add("--alphaquant.role=api");
    return new SpringApplicationBuilder(AlphaQuantServer.class)
        .web(WebApplicationType.NONE)
        .bannerMode(Banner.Mode.OFF)
        .logStartupInfo(false)
        .properties("logging.level.root=warn")
        .initializers(
            context ->
                context
                    .getBeanFactory()
                    .registerSingleton(
                        AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME,
                        new NothingStarts()))
        .run(arguments.toArray(String[]::new));
  }

  private static final class NothingStarts extends DefaultLifecycleProcessor {
    @Override
    public void onRefresh() {}
  }
}
