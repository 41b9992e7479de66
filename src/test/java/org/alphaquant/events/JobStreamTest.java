package org.alphaquant.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.junit.jupiter.api.Test;
import org.springframework.dao.QueryTimeoutException;

class JobStreamTest implements EventSink {
  private final List<String> got = new ArrayList<>();
  private boolean gone;

  @Test
  void aStreamWhoseDatabaseIsClosedIsCompletedWhenThatIsDue() {
    JobStream stream = stream(new IllegalStateException("EntityManagerFactory is closed"));
    stream.completionIsDue();
    wakeAndWrite(stream);
    assertThat(got).containsExactly("ended", "complete");
  }

  @Test
  void aStreamWhoseDatabaseIsAwayStaysAndIsNotStuck() {
    JobStream stream = stream(new QueryTimeoutException("later"));
    wakeAndWrite(stream);
    assertThat(got).isEmpty();
    wakeAndWrite(stream);
    stream.completionIsDue();
    wakeAndWrite(stream);
    assertThat(got).containsExactly("ended", "complete");
  }

  @Test
  void aStreamWithAMistakeInItEndsSoThatItsClientComesAgain() {
    wakeAndWrite(stream(new IllegalArgumentException("a mistake")));
    assertThat(got).containsExactly("ended", "complete");
  }

  @Test
  void aClientThatIsGoneIsToldNothingMore() {
    JobStream stream =
        new JobStream(
            new JobFeed(UUID.randomUUID(), 1),
            1,
            this,
            failing(new IllegalStateException("not to be read")),
            () -> got.add("ended"));
    gone = true;
    stream.heartbeatIsDue();
    wakeAndWrite(stream);
    assertThat(got).containsExactly("ended");

    stream.completionIsDue();
    wakeAndWrite(stream);
    assertThat(got).containsExactly("ended");
  }

  // The feed says that there are events that it does not hold, so that they must be read.
  private JobStream stream(RuntimeException whenRead) {
    return new JobStream(
        new JobFeed(UUID.randomUUID(), 2), 1, this, failing(whenRead), () -> got.add("ended"));
  }

  private static JobHistory failing(RuntimeException failure) {
    return new JobHistory() {
      @Override
      public Optional<Job> job(UUID id) {
        throw failure;
      }

      @Override
      public List<JobEvent> after(UUID id, long after, int limit) {
        throw failure;
      }
    };
  }

  private static void wakeAndWrite(JobStream stream) {
    assertThat(stream.wake()).as("nobody else is writing").isTrue();
    stream.write();
  }

  @Override
  public void event(JobEvent event) throws IOException {
    got.add("event");
  }

  @Override
  public void reset(Job now) throws IOException {
    got.add("reset");
  }

  @Override
  public void heartbeat() throws IOException {
    if (gone) {
      throw new IOException("broken pipe");
    }
    got.add("heartbeat");
  }

  @Override
  public void complete() {
    got.add("complete");
  }
}
