package org.alphaquant.api.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.alphaquant.job.row.Job;

/**
 * Some jobs of a list.
 *
 * @param next cursor of the following page, where there is one
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record JobPage(List<JobView> data, @JsonProperty("has_more") boolean hasMore, String next) {

  /** From one job more than the page holds, which shows whether more follow. */
  static JobPage of(List<Job> found, int limit, JobViews views) {
    boolean more = found.size() > limit;
    List<Job> page = more ? found.subList(0, limit) : found;
    String next = more ? Cursor.after(page.get(limit - 1)).text() : null;
    return new JobPage(views.of(page), more, next);
  }
}
