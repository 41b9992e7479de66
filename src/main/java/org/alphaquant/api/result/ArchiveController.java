package org.alphaquant.api.result;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.row.Job;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** A whole result in one answer. */
@RestController
class ArchiveController {

  private static final String TAR = "application/x-tar";

  private final JobAccess access;
  private final ArtifactFolders folders;

  ArchiveController(JobAccess access, ArtifactFolders folders) {
    this.access = access;
    this.folders = folders;
  }

  @GetMapping(path = "/v1/jobs/{id}/artifacts.tar", produces = TAR)
  ResponseEntity<StreamingResponseBody> archive(@PathVariable UUID id) {
    Job job = access.find(id);
    Map<String, Resource> files = new LinkedHashMap<>();
    // All looked up before the first byte, while a problem can still be answered.
    for (JobResult.Artifact artifact : ArtifactList.of(job).data()) {
      files.put(artifact.name(), folders.file(job, artifact));
    }
    return ResponseEntity.ok()
        .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"" + id + ".tar\"")
        .header("X-Content-Type-Options", "nosniff")
        .contentType(MediaType.parseMediaType(TAR))
        .body(out -> write(files, out));
  }

  private static void write(Map<String, Resource> files, OutputStream out) throws IOException {
    TarArchiveOutputStream tar = new TarArchiveOutputStream(out);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    for (Map.Entry<String, Resource> file : files.entrySet()) {
      TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
      entry.setSize(file.getValue().contentLength());
      entry.setModTime(file.getValue().lastModified());
      tar.putArchiveEntry(entry);
      try (InputStream content = file.getValue().getInputStream()) {
        content.transferTo(tar);
      }
      tar.closeArchiveEntry();
    }
    tar.finish();
  }
}
