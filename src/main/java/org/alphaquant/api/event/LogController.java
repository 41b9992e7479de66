package org.alphaquant.api.event;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.server.ServerSettings;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/**
 * A job's log as text: its events, and what its runners wrote themselves where this process has the
 * attempts' folders.
 */
@RestController
class LogController {

  private static final MediaType TEXT = new MediaType(MediaType.TEXT_PLAIN, StandardCharsets.UTF_8);
  private static final int PAGE = 1000;

  private final JobAccess access;
  private final JobEvents events;
  private final ServerSettings settings;

  LogController(JobAccess access, JobEvents events, ServerSettings settings) {
    this.access = access;
    this.events = events;
    this.settings = settings;
  }

  @GetMapping(path = "/v1/jobs/{id}/log", produces = MediaType.TEXT_PLAIN_VALUE)
  ResponseEntity<StreamingResponseBody> log(@PathVariable UUID id) {
    Job job = access.find(id);
    return ResponseEntity.ok()
        .header("X-Content-Type-Options", "nosniff")
        .contentType(TEXT)
        .body(
            out -> {
              writeEvents(job.id(), out);
              for (long epoch = 1; epoch <= job.leaseEpoch(); epoch++) {
                writeOutput(job.id(), epoch, out);
              }
            });
  }

  private void writeEvents(UUID job, OutputStream out) throws IOException {
    long after = 0;
    List<JobEvent> page;
    do {
      page = events.after(job, after, PAGE);
      for (JobEvent event : page) {
        out.write(LogLine.of(event).getBytes(StandardCharsets.UTF_8));
        after = event.seq();
      }
    } while (page.size() == PAGE);
  }

  private void writeOutput(UUID job, long epoch, OutputStream out) throws IOException {
    Path file = settings.runnerLog(job, epoch);
    if (Files.isRegularFile(file)) {
      String title = "\nOutput of the runner, attempt " + epoch + ":\n";
      out.write(title.getBytes(StandardCharsets.UTF_8));
      Files.copy(file, out);
    }
  }
}
