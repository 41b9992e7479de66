package org.alphaquant.api.model;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.alphaquant.api.edge.Locations;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.security.Caller;
import org.alphaquant.upload.UploadRefusedException;
import org.alphaquant.upload.UploadedFile;
import org.alphaquant.upload.Uploads;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Uploads of text files for later jobs. */
@RestController
@RequestMapping("/v1/files")
class FileController {

  private final Uploads uploads;

  FileController(Uploads uploads) {
    this.uploads = uploads;
  }

  record FileList(List<UploadedFile> data) {}

  @PostMapping(
      consumes = MediaType.APPLICATION_OCTET_STREAM_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<UploadedFile> upload(@RequestParam String name, HttpServletRequest request)
      throws IOException {
    try {
      UploadedFile file = uploads.put(Caller.current().owner(), name, request.getInputStream());
      return ResponseEntity.created(Locations.of("/v1/files/" + file.id())).body(file);
    } catch (UploadRefusedException e) {
      throw new ProblemException(
          e.isTooLarge() ? ProblemType.CONTENT_TOO_LARGE : ProblemType.INVALID_BODY,
          e.getMessage() + ".");
    }
  }

  @GetMapping(produces = MediaType.APPLICATION_JSON_VALUE)
  FileList list() {
    return new FileList(uploads.list(Caller.current().owner()));
  }

  @DeleteMapping(path = "/{id}", produces = MediaType.ALL_VALUE)
  ResponseEntity<Void> delete(@PathVariable UUID id) throws IOException {
    if (!uploads.delete(Caller.current().owner(), id)) {
      throw new ProblemException(
          ProblemType.FILE_NOT_FOUND, "There is no file %s of yours.".formatted(id));
    }
    return ResponseEntity.noContent().build();
  }
}
