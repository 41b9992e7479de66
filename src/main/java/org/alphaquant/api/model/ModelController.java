package org.alphaquant.api.model;

import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.plan.InspectionRequest;
import org.alphaquant.job.plan.ModelInspection;
import org.alphaquant.job.plan.ModelInspector;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Lists the supported architectures and inspects models. */
@RestController
class ModelController {

  private final ModelInspector inspector;

  ModelController(ModelInspector inspector) {
    this.inspector = inspector;
  }

  @GetMapping(path = "/v1/architectures", produces = MediaType.APPLICATION_JSON_VALUE)
  ArchitectureList architectures() {
    return new ArchitectureList(inspector.architectures());
  }

  @PostMapping(
      path = "/v1/models:inspect",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  ModelInspection inspect(@RequestBody InspectionRequest request) {
    try {
      return inspector.inspect(request);
    } catch (RefusedException e) {
      throw new ProblemException(ProblemType.INVALID_BODY, e.problems());
    }
  }

  record ArchitectureList(List<FamilyDescription> data) {}
}
