package org.alphaquant.worker;

import org.alphaquant.background.Notifications;
import org.alphaquant.background.Rounds;
import org.alphaquant.device.CudaCheck;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.queue.Workers;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.QuotaSettings;
import org.alphaquant.job.row.Retention;
import org.alphaquant.job.row.RetentionSettings;
import org.alphaquant.server.ServerSettings;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({WorkerSettings.class, RetentionSettings.class})
class WorkerConfiguration {

  @Bean
  Rounds leaseReaper(Leases leases, WorkerSettings settings) {
    Reaper reaper = new Reaper(leases, settings);
    return new Rounds("lease-reaper", settings.reapEvery(), reaper::reap);
  }

  @Bean
  AttemptFolders attemptFolders(ServerSettings settings) {
    return new AttemptFolders(settings);
  }

  @Bean
  Rounds retentionSweep(
      Retention retention,
      WebhookDeliveries deliveries,
      AttemptFolders folders,
      PlatformTransactionManager transactions,
      RetentionSettings settings) {
    RetentionSweep sweep =
        new RetentionSweep(
            retention, deliveries, folders, new TransactionTemplate(transactions), settings);
    return new Rounds("retention-sweep", settings.sweepEvery(), sweep::sweep);
  }

  @Configuration(proxyBeanMethods = false)
  @Conditional(RunsJobs.class)
  static class Running {

    @Bean
    @ConditionalOnMissingBean
    DeviceSlots deviceSlots(WorkerSettings settings, ObjectProvider<CudaCheck> cuda) {
      return new ConfiguredSlots(
          settings.devices(), () -> cuda.getIfAvailable(() -> () -> false).usable());
    }

    @Bean
    @ConditionalOnMissingBean
    ProcessExit processExit() {
      return ProcessExit.ofThisProcess();
    }

    @Bean
    LeaseRenewal leaseRenewal(JdbcConnectionDetails database, WorkerSettings settings) {
      return new LeaseRenewal(database, settings.lease());
    }

    @Bean
    LeaseKeeper leaseKeeper(
        LeaseRenewal renewal,
        WorkerSettings settings,
        JobEvents events,
        Leases leases,
        ProcessExit exit,
        JobRunner runner,
        Notifications notifications) {
      StuckJobs stuckJobs = new StuckJobs(events, leases, exit, runner);
      LeaseKeeper keeper = new LeaseKeeper(renewal, settings, stuckJobs);
      notifications.add(keeper);
      return keeper;
    }

    @Bean
    Worker worker(
        Leases leases,
        JobEvents events,
        JobRunner runner,
        AttemptFolders folders,
        LeaseKeeper keeper,
        DeviceSlots slots,
        Workers workers,
        QuotaSettings quotas,
        WorkerSettings settings,
        ObjectProvider<AttemptThreads> threads,
        Notifications notifications) {
      Heartbeat heartbeat = new Heartbeat(workers);
      Worker worker =
          new Worker(
              leases,
              events,
              runner,
              folders,
              keeper,
              slots,
              heartbeat,
              quotas,
              settings,
              threads.getIfAvailable(() -> Thread::new));
      notifications.add(worker);
      return worker;
    }

    @Bean
    WorkerHealth workerHealthIndicator(Worker worker) {
      return new WorkerHealth(worker);
    }
  }
}
