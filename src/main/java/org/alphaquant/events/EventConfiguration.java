package org.alphaquant.events;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.background.Notifications;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(EventSettings.class)
class EventConfiguration {

  @Bean
  EventStreams eventStreams(
      Jobs jobs, JobEvents events, EventSettings settings, Notifications notifications) {
    EventStreams streams =
        new EventStreams(jobs, events, settings, writers("event-writer-", settings.writers()));
    notifications.add(streams);
    return streams;
  }

  @Bean
  ChangeStreams changeStreams(Jobs jobs, EventSettings settings, Notifications notifications) {
    ChangeStreams streams =
        new ChangeStreams(jobs, settings, writers("change-writer-", settings.writers()));
    notifications.add(streams);
    return streams;
  }

  private static ThreadPoolExecutor writers(String name, int threads) {
    AtomicInteger number = new AtomicInteger();
    ThreadPoolExecutor writers =
        new ThreadPoolExecutor(
            threads,
            threads,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            // The pool rejects tasks only after its shutdown; streams must still be completed then.
            (task, stopped) -> task.run());
    writers.allowCoreThreadTimeOut(true);
    return writers;
  }
}
