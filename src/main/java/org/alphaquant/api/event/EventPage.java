package org.alphaquant.api.event;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.alphaquant.job.row.JobEvent;

/**
 * Some events of a job.
 *
 * @param next value of {@code after} for the next request, also when nothing follows yet
 */
record EventPage(List<EventView> data, @JsonProperty("has_more") boolean hasMore, long next) {

  /** From one event more than the page holds, which shows whether more follow. */
  static EventPage of(List<JobEvent> found, long after, int limit) {
    boolean more = found.size() > limit;
    List<EventView> page = found.stream().limit(limit).map(EventView::of).toList();
    return new EventPage(page, more, page.isEmpty() ? after : page.get(page.size() - 1).seq());
  }
}
