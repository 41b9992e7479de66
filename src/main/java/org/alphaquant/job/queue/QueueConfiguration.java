package org.alphaquant.job.queue;

import org.alphaquant.job.row.JobListener;
import org.alphaquant.job.row.Listeners;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
class QueueConfiguration {

  @Bean
  Leases leases(LeaseRows rows, Listeners<JobListener> listeners, TransactionTemplate transaction) {
    return new Leases(rows, listeners, transaction);
  }

  @Bean
  WaitingJobs waitingJobs(WaitingRows rows) {
    return new WaitingJobs(rows);
  }
}
