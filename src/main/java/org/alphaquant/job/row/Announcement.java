package org.alphaquant.job.row;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.alphaquant.background.Notifications.Channel;
import org.alphaquant.job.JobState;
import org.alphaquant.job.WebhookRequest;

/** A notification to send: the channel and the job, no content. */
record Announcement(Channel channel, UUID job) {

  static Announcement of(JobEvent event) {
    return new Announcement(Channel.EVENT, event.jobId());
  }

  /** The channels to notify about the current state of a job. */
  static List<Announcement> of(Job job) {
    List<Announcement> all = new ArrayList<>();
    all.add(new Announcement(Channel.EVENT, job.id()));
    if (job.state() == JobState.QUEUED) {
      all.add(new Announcement(Channel.QUEUE, job.id()));
    } else if (job.state() == JobState.RUNNING && job.cancelRequestedAt().isPresent()) {
      all.add(new Announcement(Channel.CANCEL, job.id()));
    }
    WebhookRequest webhook = job.spec().webhook();
    if (webhook != null && webhook.events().contains(job.state())) {
      all.add(new Announcement(Channel.WEBHOOK, job.id()));
    }
    return all;
  }
}
