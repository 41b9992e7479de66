package org.alphaquant.runner.child;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.alphaquant.worker.JobContext;

/** The context of an attempt in a runner; the service holds the lease and writes the rows. */
final class RemoteContext implements JobContext {
  private final Message.Run run;
  private final JobSpec spec;
  private final Session session;

  RemoteContext(Message.Run run, Session session) {
    this.run = run;
    this.spec = MessageChannel.JSON.treeToValue(run.spec(), JobSpec.class);
    this.session = session;
  }

  @Override
  public UUID jobId() {
    return run.job();
  }

  @Override
  public long leaseEpoch() {
    return run.epoch();
  }

  @Override
  public JobSpec spec() {
    return spec;
  }

  @Override
  public List<String> devices() {
    return run.devices();
  }

  @Override
  public int earlierResourceFailures() {
    return run.earlierResourceFailures();
  }

  @Override
  public Path attemptDirectory() {
    return Path.of(run.directory());
  }

  @Override
  public Path artifactDirectory() {
    return Path.of(run.artifactDirectory());
  }

  @Override
  public List<Path> earlierAttempts() {
    return run.earlier().stream().map(Path::of).toList();
  }

  @Override
  public Map<String, FetchedSource> sources() {
    return run.sources();
  }

  @Override
  public void unit(String name) {
    session.ensureMayGoOn();
    session.begin(name);
  }

  @Override
  public void ensureHeld() {
    session.ensureMayGoOn();
  }

  @Override
  public void betweenLayers() {
    session.ensureMayBeginLayer();
  }

  @Override
  public void ensureNotDraining() {
    session.ensureMayBeginLayer();
  }

  @Override
  public void progress(JobProgress progress) {
    session.begin(new Message.Progress(progress), Message.unit(progress));
  }

  @Override
  public void event(String type, Object data) {
    session.send(new Message.Event(type, MessageChannel.JSON.valueToTree(data)));
  }
}
