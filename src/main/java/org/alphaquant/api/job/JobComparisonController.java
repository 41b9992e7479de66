package org.alphaquant.api.job;

import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.UUID;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Compares the figures of several jobs. */
@RestController
class JobComparisonController {

  private static final int MOST = 50;

  private final JobAccess access;

  JobComparisonController(JobAccess access) {
    this.access = access;
  }

  @GetMapping(path = "/v1/jobs:compare", produces = MediaType.APPLICATION_JSON_VALUE)
  JobComparison compare(
      @RequestParam @Size(min = 1, max = MOST, message = "must be 1 to 50 ids") List<UUID> ids) {
    return JobComparison.of(ids.stream().map(access::find).toList());
  }
}
