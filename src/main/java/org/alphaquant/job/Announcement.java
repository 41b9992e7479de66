package org.alphaquant.job;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.Notifications.Channel;

/** That there is something to look at: a hint to {@link Notifications}, never the thing itself. */
record Announcement(Channel channel, UUID job) {

  /** What a statement's answer is to be announced as: of each job or event in it. */
  static List<Announcement> of(Object answer) {
    if (answer instanceof Optional<?> one) {
      return one.map(Announcement::of).orElse(List.of());
    } else if (answer instanceof Collection<?> several) {
      return several.stream().flatMap(one -> of(one).stream()).toList();
    } else if (answer instanceof JobEvent event) {
      return List.of(new Announcement(Channel.EVENT, event.jobId()));
    } else if (answer instanceof Job job) {
      return of(job);
    }
    throw new IllegalArgumentException("no job and no event: " + answer);
  }

  private static List<Announcement> of(Job job) {
    List<Announcement> all = new ArrayList<>();
    all.add(new Announcement(Channel.EVENT, job.id()));
    if (job.state() == JobState.QUEUED) {
      all.add(new Announcement(Channel.QUEUE, job.id()));
    } else if (job.state() == JobState.RUNNING && job.cancelRequestedAt().isPresent()) {
      all.add(new Announcement(Channel.CANCEL, job.id()));
    }
    JobSpec.Webhook webhook = job.spec().webhook();
    if (webhook != null && webhook.events().contains(job.state())) {
      all.add(new Announcement(Channel.WEBHOOK, job.id()));
    }
    return all;
  }
}
