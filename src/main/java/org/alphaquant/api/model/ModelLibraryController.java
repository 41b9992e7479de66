package org.alphaquant.api.model;

import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.library.ModelLibrary;
import org.alphaquant.job.library.ModelRequest;
import org.alphaquant.job.library.StoredModel;
import org.alphaquant.security.Caller;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Models that jobs can name. */
@RestController
@RequestMapping("/v1/models")
class ModelLibraryController {

  private final ModelLibrary library;

  ModelLibraryController(ModelLibrary library) {
    this.library = library;
  }

  record ModelList(List<StoredModel> data) {}

  @GetMapping(produces = MediaType.APPLICATION_JSON_VALUE)
  ModelList list() {
    return new ModelList(library.list());
  }

  @PostMapping(
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<StoredModel> fetch(@RequestBody ModelRequest request) {
    try {
      return ResponseEntity.accepted().body(library.fetch(request, Caller.current().owner()));
    } catch (RefusedException e) {
      throw new ProblemException(ProblemType.INVALID_BODY, e.problems());
    }
  }

  /**
   * @param model {@code org/name} or {@code s3:/store/path}: a path has no empty segments, so that
   *     one slash stands for the two
   */
  @DeleteMapping(path = "/{*model}", produces = MediaType.ALL_VALUE)
  ResponseEntity<Void> delete(@PathVariable String model) {
    String name = model.substring(1).replaceFirst("^s3:/+", "s3://");
    return switch (library.delete(name)) {
      case DELETED -> ResponseEntity.noContent().build();
      case NOT_THERE ->
          throw new ProblemException(
              ProblemType.MODEL_NOT_FOUND,
              "'%s' is not in the cache of this service.".formatted(name));
      case IN_USE ->
          throw new ProblemException(
              ProblemType.MODEL_IN_USE,
              "A job reads '%s' now; delete it when the job has ended.".formatted(name));
      case NOT_OWNED ->
          throw new ProblemException(
              ProblemType.MODEL_NOT_OWNED,
              "'%s' lies below an allowed root or in a cache that this service only reads; it deletes models from its own cache alone."
                  .formatted(name));
    };
  }
}
