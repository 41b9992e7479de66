package org.alphaquant.api.result;

import jakarta.validation.constraints.Min;
import java.util.Locale;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.row.Job;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Expert utilization of a job. */
@RestController
class ExpertController {

  private final JobAccess access;
  private final ExpertReports reports;

  ExpertController(JobAccess access, ExpertReports reports) {
    this.access = access;
    this.reports = reports;
  }

  @GetMapping(path = "/v1/jobs/{id}/experts", produces = MediaType.APPLICATION_JSON_VALUE)
  ExpertUtilization list(
      @PathVariable UUID id,
      @RequestParam(required = false) @Min(value = 0, message = "must not be negative")
          Integer layer) {
    Job job = access.find(id);
    ExpertUtilization all = reports.of(job);
    ExpertUtilization wanted = layer == null ? all : all.only(layer);
    if (wanted.data().isEmpty()) {
      throw new ProblemException(ProblemType.EXPERTS_NOT_AVAILABLE, missing(job, layer));
    }
    return wanted;
  }

  private static String missing(Job job, Integer layer) {
    String state = job.state().name().toLowerCase(Locale.ROOT);
    String told = job.state().isTerminal() ? "was told of" : "is finished yet";
    return layer == null
        ? "No layer with experts %s; the job is %s.".formatted(told, state)
        : "Layer %d has no experts, or none %s; the job is %s.".formatted(layer, told, state);
  }
}
