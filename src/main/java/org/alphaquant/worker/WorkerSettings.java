package org.alphaquant.worker;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How this process runs jobs.
 *
 * @param devices {@code auto} (every GPU, or the CPU where there is none), or names: {@code cpu},
 *     {@code cuda:0}, …
 * @param lease how long a job stays with this worker without a renewal
 * @param renewEvery interval of lease renewals
 * @param trustMargin how long before its lease expires the work stops by itself
 * @param pollEvery longest interval between two queries of the queue
 * @param reapEvery interval of the search for expired leases
 * @param lostLeases number of lost workers after which a job fails
 * @param retryBackoff longest wait before a second attempt
 * @param reserveAfter how long a job for several devices waits before smaller jobs have to wait for
 *     it
 * @param cancelDeadline how long work may continue after a cancel before the process is ended
 * @param drainGrace how long a worker that shuts down lets its jobs finish their current layer
 * @param abandonAfter how much longer it waits for work that does not check for the shutdown
 * @param progressEvery shortest time between two progress events of a job
 */
@ConfigurationProperties("alphaquant.worker")
public record WorkerSettings(
    @DefaultValue("auto") List<String> devices,
    @DefaultValue("30s") Duration lease,
    @DefaultValue("5s") Duration renewEvery,
    @DefaultValue("5s") Duration trustMargin,
    @DefaultValue("2s") Duration pollEvery,
    @DefaultValue("10s") Duration reapEvery,
    @DefaultValue("3") int lostLeases,
    @DefaultValue("30s") Duration retryBackoff,
    @DefaultValue("2m") Duration reserveAfter,
    @DefaultValue("60s") Duration cancelDeadline,
    @DefaultValue("20s") Duration drainGrace,
    @DefaultValue("5s") Duration abandonAfter,
    @DefaultValue("1s") Duration progressEvery) {

  public WorkerSettings {
    devices = List.copyOf(devices);
    for (String device : devices) {
      if (!device.matches("auto|cpu|cuda:\\d{1,3}")) {
        throw new IllegalArgumentException(
            "alphaquant.worker.devices has \"%s\" but must be auto, or a list of cpu and cuda:<n>"
                .formatted(device));
      }
    }
    if (devices.isEmpty() || devices.contains("auto") && devices.size() > 1) {
      throw new IllegalArgumentException(
          "alphaquant.worker.devices is %s but must be auto alone, or one or more of cpu and cuda:<n>"
              .formatted(devices));
    }
    if (lease.compareTo(renewEvery.multipliedBy(2).plus(trustMargin)) < 0) {
      throw new IllegalArgumentException(
          "alphaquant.worker.lease is %s but must be at least twice renew-every (%s) plus trust-margin (%s)"
              .formatted(lease, renewEvery, trustMargin));
    }
    if (lostLeases < 1) {
      throw new IllegalArgumentException(
          "alphaquant.worker.lost-leases is %d but must be at least 1".formatted(lostLeases));
    }
  }

  double leaseSeconds() {
    return seconds(lease);
  }

  static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
