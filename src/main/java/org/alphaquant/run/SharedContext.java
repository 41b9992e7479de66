package org.alphaquant.run;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.worker.JobContext;

/**
 * One attempt's context for parts that run on several threads: it passes their calls on one at a
 * time, adds their progress up, and stops all of them once one has failed.
 */
final class SharedContext {

  private final JobContext whole;
  private final double begun;
  private final double[] done;
  private boolean failed;

  /** Ends a part because another one has failed. */
  static final class OtherFailed extends RuntimeException {
    private static final long serialVersionUID = 1;

    OtherFailed() {
      super("another size of the ladder has failed");
    }
  }

  /**
   * @param begun fraction of the attempt done before the first part
   */
  SharedContext(JobContext whole, int parts, double begun) {
    this.whole = whole;
    this.begun = begun;
    this.done = new double[parts];
  }

  /** The context of a part, on some of the attempt's devices. */
  JobContext part(int index, List<String> devices) {
    return new Part(index, devices);
  }

  /** Ends all parts at their next unit of work. */
  synchronized void fail() {
    failed = true;
  }

  synchronized void event(String type, Object data) {
    whole.event(type, data);
  }

  private synchronized void ask(Runnable question) {
    if (failed) {
      throw new OtherFailed();
    }
    question.run();
  }

  private synchronized void progress(int part, JobProgress own) {
    done[part] = own.fraction() == null ? done[part] : own.fraction();
    double fraction = begun + (1 - begun) * Arrays.stream(done).average().orElse(1);
    whole.progress(new JobProgress(own.phase(), own.layer(), own.layers(), fraction, null));
  }

  private final class Part implements JobContext {

    private final int index;
    private final List<String> devices;

    Part(int index, List<String> devices) {
      this.index = index;
      this.devices = devices;
    }

    @Override
    public UUID jobId() {
      return whole.jobId();
    }

    @Override
    public long leaseEpoch() {
      return whole.leaseEpoch();
    }

    @Override
    public JobSpec spec() {
      return whole.spec();
    }

    @Override
    public String owner() {
      return whole.owner();
    }

    @Override
    public Map<String, FetchedSource> sources() {
      return whole.sources();
    }

    @Override
    public List<String> devices() {
      return devices;
    }

    @Override
    public int earlierResourceFailures() {
      return whole.earlierResourceFailures();
    }

    @Override
    public Path attemptDirectory() {
      return whole.attemptDirectory();
    }

    @Override
    public Path artifactDirectory() {
      return whole.artifactDirectory();
    }

    @Override
    public List<Path> earlierAttempts() {
      return whole.earlierAttempts();
    }

    @Override
    public void unit(String unit) {
      ask(() -> whole.unit(unit));
    }

    @Override
    public void ensureHeld() {
      ask(whole::ensureHeld);
    }

    @Override
    public void betweenLayers() {
      ask(whole::betweenLayers);
    }

    @Override
    public void ensureNotDraining() {
      ask(whole::ensureNotDraining);
    }

    @Override
    public void progress(JobProgress own) {
      SharedContext.this.progress(index, own);
    }

    @Override
    public void event(String type, Object data) {
      SharedContext.this.event(type, data);
    }
  }
}
