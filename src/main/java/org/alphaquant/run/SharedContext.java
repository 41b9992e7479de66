package org.alphaquant.run;

import java.util.Arrays;
import java.util.List;
import org.alphaquant.job.JobProgress;
import org.alphaquant.worker.ForwardingContext;
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

  private final class Part extends ForwardingContext {

    private final int index;
    private final List<String> devices;

    Part(int index, List<String> devices) {
      super(whole);
      this.index = index;
      this.devices = devices;
    }

    @Override
    public List<String> devices() {
      return devices;
    }

    @Override
    public void unit(String unit) {
      ask(() -> super.unit(unit));
    }

    @Override
    public void ensureHeld() {
      ask(super::ensureHeld);
    }

    @Override
    public void betweenLayers() {
      ask(super::betweenLayers);
    }

    @Override
    public void ensureNotDraining() {
      ask(super::ensureNotDraining);
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
