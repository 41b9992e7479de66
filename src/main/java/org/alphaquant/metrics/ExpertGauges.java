package org.alphaquant.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobListener;

/**
 * Expert utilization of the jobs that this process runs. There is one series per slot of the
 * worker: a job takes the lowest free number.
 */
final class ExpertGauges implements JobListener {

  private final List<UUID> slots;
  private final Map<UUID, ExpertUse> uses = new HashMap<>();

  /**
   * @param slots most jobs that this process runs at once
   */
  ExpertGauges(MeterRegistry registry, int slots) {
    this.slots = new ArrayList<>(slots);
    for (int slot = 0; slot < slots; slot++) {
      this.slots.add(null);
      gauge(registry, slot, "starved", "Under-utilized experts so far", ExpertUse::starved);
      gauge(
          registry,
          slot,
          "hottest.share",
          "Largest share of a layer's tokens that one expert took",
          ExpertUse::hottestShare);
      gauge(
          registry,
          slot,
          "entropy.ratio",
          "Least entropy of a layer's shares; 1 is an even spread",
          ExpertUse::entropyRatio);
    }
  }

  private void gauge(
      MeterRegistry registry,
      int slot,
      String name,
      String description,
      ToDoubleFunction<ExpertUse> figure) {
    Gauge.builder("alphaquant.experts." + name, () -> read(slot, figure))
        .description(description + ", of the job that runs on the slot")
        .tag("slot", Integer.toString(slot))
        .register(registry);
  }

  private synchronized double read(int slot, ToDoubleFunction<ExpertUse> figure) {
    UUID job = slots.get(slot);
    return job == null ? Double.NaN : figure.applyAsDouble(uses.get(job));
  }

  @Override
  public synchronized void claimed(Job job) {
    leave(job.id());
    int free = slots.indexOf(null);
    if (free >= 0) {
      slots.set(free, job.id());
      uses.put(job.id(), ExpertUse.NONE);
    }
  }

  @Override
  public synchronized void appended(JobEvent event) {
    if (event.type().equals("experts")) {
      uses.computeIfPresent(event.jobId(), (id, use) -> use.and(event.data()));
    }
  }

  @Override
  public synchronized void changed(Job job) {
    if (job.state() != JobState.RUNNING) {
      leave(job.id());
    }
  }

  private void leave(UUID job) {
    slots.replaceAll(held -> job.equals(held) ? null : held);
    uses.remove(job);
  }
}
