package org.alphaquant.api.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.alphaquant.api.edge.ChecksParameters;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.JobFilter;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.problem.Problem;
import org.alphaquant.security.Caller;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The list of jobs. */
@RestController
class JobListController {

  private static final List<String> LISTING = List.of("state", "owner", "after", "limit");
  private static final List<String> DELETING = List.of("state", "owner", "limit");
  private static final String LABEL = "label.";

  private final Jobs jobs;
  private final ListPositions positions;
  private final JobViews views;

  JobListController(Jobs jobs, JobViews views, ListPositions positions) {
    this.positions = positions;
    this.jobs = jobs;
    this.views = views;
  }

  @ChecksParameters
  @GetMapping(path = "/v1/jobs", produces = MediaType.APPLICATION_JSON_VALUE)
  JobPage list(
      @RequestParam(required = false) List<JobState> state,
      @RequestParam(required = false) String owner,
      @RequestParam(required = false) String after,
      @RequestParam(defaultValue = "20")
          @Min(value = 1, message = "must be from 1 to 200")
          @Max(value = 200, message = "must be from 1 to 200")
          int limit,
      HttpServletRequest request) {
    JobFilter filter = new JobFilter(owner(owner), states(state), labels(request, LISTING));
    return JobPage.of(jobs.list(filter, positions.of(after), limit + 1), limit, views);
  }

  /** Only finished jobs, and only when their states are named: nothing is deleted by default. */
  @ChecksParameters
  @DeleteMapping(path = "/v1/jobs", produces = MediaType.APPLICATION_JSON_VALUE)
  Deleted delete(
      @RequestParam List<JobState> state,
      @RequestParam(required = false) String owner,
      @RequestParam(defaultValue = "1000")
          @Min(value = 1, message = "must be from 1 to 1000")
          @Max(value = 1000, message = "must be from 1 to 1000")
          int limit,
      HttpServletRequest request) {
    for (JobState name : state) {
      if (!name.isTerminal()) {
        Problem fault =
            Problem.error("unfinished-state", "state", name, "must be the state of finished jobs")
                .allowing(List.of("SUCCEEDED", "FAILED", "CANCELLED"));
        throw new ProblemException(ProblemType.INVALID_PARAMETER, List.of(fault));
      }
    }
    JobFilter filter = new JobFilter(owner(owner), states(state), labels(request, DELETING));
    int deleted = jobs.deleteFinished(filter, limit).size();
    return new Deleted(deleted, deleted == limit);
  }

  /**
   * @param hasMore whether there are more
   */
  record Deleted(int deleted, @JsonProperty("has_more") boolean hasMore) {}

  /** Non-administrators always get their own jobs only. */
  private static String owner(String wanted) {
    Caller caller = Caller.current();
    return caller.isAdmin() ? wanted : caller.owner();
  }

  private static Set<JobState> states(List<JobState> states) {
    return states == null ? Set.of() : Set.copyOf(states);
  }

  /** A mistyped or foreign parameter must neither list nor delete more than was meant. */
  private static Map<String, String> labels(HttpServletRequest request, List<String> known) {
    Map<String, String> labels = new TreeMap<>();
    List<String> allowed = new ArrayList<>(known);
    allowed.add(LABEL + "<name>");
    List<Problem> faults = new ArrayList<>();
    request
        .getParameterMap()
        .forEach(
            (name, values) -> {
              if (name.startsWith(LABEL)) {
                labels.put(name.substring(LABEL.length()), values[0]);
              } else if (!known.contains(name)) {
                faults.add(ProblemException.unknownParameter(name, values[0], allowed));
              }
            });
    if (!faults.isEmpty()) {
      throw new ProblemException(ProblemType.INVALID_PARAMETER, faults);
    }
    return labels;
  }
}
