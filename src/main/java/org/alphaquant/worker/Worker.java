package org.alphaquant.worker;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.background.Notifications;
import org.alphaquant.background.Rounds;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.queue.RegisteredWorker;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.QuotaSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;

/** Claims jobs for free device slots; drains the running jobs on shutdown. */
public final class Worker implements SmartLifecycle, Notifications.Listener {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  private final UUID id = UUID.randomUUID();
  private final Leases leases;
  private final JobEvents events;
  private final JobRunner runner;
  private final AttemptFolders folders;
  private final LeaseKeeper keeper;
  private final SlotPool slots;
  private final Heartbeat heartbeat;
  private final QuotaSettings quotas;
  private final WorkerSettings settings;
  private final AttemptThreads threads;
  private final Map<Thread, Lease> attempts = new ConcurrentHashMap<>();
  private final Rounds claims = new Rounds("claim-loop", RETRY_DELAY, this::claimJobs);

  Worker(
      Leases leases,
      JobEvents events,
      JobRunner runner,
      AttemptFolders folders,
      LeaseKeeper keeper,
      DeviceSlots slots,
      Heartbeat heartbeat,
      QuotaSettings quotas,
      WorkerSettings settings,
      AttemptThreads threads) {
    this.leases = leases;
    this.events = events;
    this.runner = runner;
    this.folders = folders;
    this.keeper = keeper;
    this.slots = new SlotPool(slots.all());
    this.heartbeat = heartbeat;
    this.quotas = quotas;
    this.settings = settings;
    this.threads = threads;
  }

  /** Identifies this worker in the rows of jobs it holds. */
  public UUID id() {
    return id;
  }

  public List<ComputeDevice> slots() {
    return slots.all();
  }

  public int freeSlots() {
    return slots.free().size();
  }

  @Override
  public void start() {
    keeper.start();
    heartbeat.start(id, registered());
    claims.start();
    log.debug("Worker {} runs jobs on {}", id, slots.all());
  }

  private List<RegisteredWorker.Slot> registered() {
    return slots.all().stream()
        .map(slot -> new RegisteredWorker.Slot(slot.name(), slot.memoryBytes()))
        .toList();
  }

  private Duration claimJobs() {
    while (isRunning() && claimOne()) {
      log.debug("Looking for another job");
    }
    return settings.pollEvery();
  }

  private boolean claimOne() {
    List<ComputeDevice> free = slots.free();
    if (free.isEmpty()) {
      return false;
    }
    long askedAt = System.nanoTime();
    Optional<Job> claimed =
        leases.claim(
            id,
            SlotPool.memory(free),
            SlotPool.memory(slots.all()),
            settings.leaseSeconds(),
            WorkerSettings.seconds(settings.reserveAfter()),
            quotas);
    claimed.ifPresent(job -> startAttempt(job, askedAt));
    return claimed.isPresent();
  }

  private void startAttempt(Job job, long askedAt) {
    Duration trust = settings.lease().minus(settings.trustMargin());
    Lease lease = new Lease(job.id(), job.leaseEpoch(), System::nanoTime, askedAt, trust);
    List<ComputeDevice> devices = List.of();
    try {
      devices = slots.take(job.devices(), job.deviceMemoryBytes());
      start(job, lease, devices);
    } catch (RuntimeException | Error e) {
      // Nothing runs the job: stop renewing its lease and free its devices.
      end(lease, devices);
      abandon(lease, "no thread could be started for it: " + e);
      throw e;
    }
  }

  private void start(Job job, Lease lease, List<ComputeDevice> devices) {
    // A platform thread, because the work spends hours in native code.
    Thread thread = threads.thread(() -> attempt(job, lease, devices));
    thread.setName("job-" + job.id());
    keeper.add(lease);
    attempts.put(thread, lease);
    try {
      thread.start();
    } catch (RuntimeException | Error e) {
      attempts.remove(thread);
      throw e;
    }
  }

  private void end(Lease lease, List<ComputeDevice> devices) {
    keeper.remove(lease);
    slots.giveBack(devices);
  }

  private void attempt(Job job, Lease lease, List<ComputeDevice> devices) {
    try {
      double backoff = WorkerSettings.seconds(settings.retryBackoff());
      new Attempt(job, lease, leases, folders, backoff)
          .run(
              () ->
                  new AttemptContext(
                      job,
                      lease,
                      devices,
                      folders.create(job.id(), lease.epoch()),
                      folders.earlier(job.id(), lease.epoch()),
                      events,
                      settings.progressEvery()),
              runner);
    } finally {
      end(lease, devices);
      attempts.remove(Thread.currentThread());
      claims.wake();
    }
  }

  @Override
  public void notified(Notifications.Channel channel, String payload) {
    if (channel == Notifications.Channel.QUEUE) {
      claims.wake();
    }
  }

  @Override
  public void mayHaveMissed() {
    claims.wake();
  }

  /**
   * Stops claiming, lets every job finish its current layer within the grace period, and returns
   * the jobs to the queue.
   */
  @Override
  public void stop() {
    claims.stop();
    heartbeat.drain();
    try {
      claims.join(settings.drainGrace());
      keeper.drain();
      long until =
          System.nanoTime() + settings.drainGrace().plus(settings.abandonAfter()).toNanos();
      for (Thread attempt : attempts.keySet()) {
        attempt.join(Math.max(1, (until - System.nanoTime()) / 1_000_000));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    attempts.values().forEach(it -> abandon(it, "it did not finish its layer in time"));
    keeper.stop();
    heartbeat.stop(id);
  }

  // The thread may keep running until the process exits; it only writes to its own folder.
  private void abandon(Lease lease, String reason) {
    log.warn("job={} returns to the queue: {}", lease.jobId(), reason);
    lease.lose();
    try {
      leases.giveBack(lease.jobId(), lease.epoch());
    } catch (DataAccessException e) {
      log.warn(
          "job={} could not be returned to the queue: {}", lease.jobId(), DatabaseAway.reason(e));
    }
  }

  @Override
  public boolean isRunning() {
    return claims.isRunning();
  }
}
