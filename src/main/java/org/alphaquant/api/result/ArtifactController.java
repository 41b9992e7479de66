package org.alphaquant.api.result;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.row.Job;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRange;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The files of a result. */
@RestController
@RequestMapping("/v1/jobs/{id}/artifacts")
class ArtifactController {

  private final JobAccess access;
  private final ArtifactFolders folders;

  ArtifactController(JobAccess access, ArtifactFolders folders) {
    this.access = access;
    this.folders = folders;
  }

  @GetMapping(produces = MediaType.APPLICATION_JSON_VALUE)
  ArtifactList list(@PathVariable UUID id) {
    return ArtifactList.of(access.find(id));
  }

  /**
   * Serves a file, or redirects to the store that holds it.
   *
   * <p>Ranges, 304 and 416 are Spring's; {@link IfRangeFilter} does what it does not.
   */
  @GetMapping("/{*name}")
  ResponseEntity<Resource> download(
      @PathVariable UUID id, @PathVariable String name, HttpServletRequest request) {
    Job job = access.find(id);
    JobResult.Artifact artifact = ArtifactList.of(job).find(name.substring(1));
    Resource content = folders.file(job, artifact);
    Optional<URI> link = isGet(request) ? folders.link(content) : Optional.empty();
    if (link.isPresent()) {
      return ResponseEntity.status(HttpStatus.TEMPORARY_REDIRECT)
          .location(link.get())
          .cacheControl(CacheControl.noStore())
          .build();
    }
    String etag = etag(artifact, content);
    IfRangeFilter.apply(request, etag);
    requireSatisfiable(request.getHeader(HttpHeaders.RANGE), content, artifact);
    return ResponseEntity.ok()
        .eTag(etag)
        .header("Repr-Digest", digest(artifact))
        .header(HttpHeaders.CONTENT_DISPOSITION, attachment(content))
        .header("X-Content-Type-Options", "nosniff")
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .body(content);
  }

  // A presigned link allows one method only.
  private static boolean isGet(HttpServletRequest request) {
    return request.getMethod().equals("GET");
  }

  /** Checked here, because Spring answers 416 without a body. */
  private static void requireSatisfiable(
      String range, Resource content, JobResult.Artifact artifact) {
    try {
      HttpRange.toResourceRegions(HttpRange.parseRanges(range), content);
    } catch (IllegalArgumentException e) {
      HttpHeaders headers = new HttpHeaders();
      headers.set(HttpHeaders.CONTENT_RANGE, "bytes */" + artifact.bytes());
      String detail =
          "%s has %d bytes, none of them in the range %s."
              .formatted(artifact.name(), artifact.bytes(), range);
      throw new ProblemException(ProblemType.RANGE_NOT_SATISFIABLE, detail, List.of(), headers);
    }
  }

  // Includes the file's time, so that a download is not resumed with a file that replaced it.
  private static String etag(JobResult.Artifact artifact, Resource content) {
    try {
      return "\"sha256-%s-%x\"".formatted(artifact.sha256(), content.lastModified());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** RFC 9530. */
  private static String digest(JobResult.Artifact artifact) {
    byte[] sha256 = HexFormat.of().parseHex(artifact.sha256());
    return "sha-256=:" + Base64.getEncoder().encodeToString(sha256) + ":";
  }

  private static String attachment(Resource file) {
    return ContentDisposition.attachment().filename(file.getFilename()).build().toString();
  }
}
