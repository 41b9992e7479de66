package org.alphaquant.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.measure.PerplexityChange;
import org.alphaquant.server.ServerSettings;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Moves jobs as a worker does, one step at a time. */
final class TestWorker {

  private final Jobs jobs;
  private final Leases leases;
  private final JobEvents events;
  private final ServerSettings settings;
  private final JdbcClient sql;

  TestWorker(RunningServer server) {
    this.jobs = server.get(Jobs.class);
    this.leases = server.get(Leases.class);
    this.events = server.get(JobEvents.class);
    this.settings = server.get(ServerSettings.class);
    this.sql = server.get(JdbcClient.class);
  }

  /** Puts this job first in the queue and takes it. */
  Job claim(String id) {
    sql.sql("update job set priority = 1 + (select max(priority) from job) where id = ?")
        .param(UUID.fromString(id))
        .update();
    Job job = leases.claim(UUID.randomUUID(), "1000", "1000", 60, 600).orElseThrow();
    if (!job.id().toString().equals(id)) {
      throw new IllegalStateException("another job was first: " + job.id());
    }
    return job;
  }

  void progress(String id, double fraction) {
    JobProgress progress = new JobProgress("quantize", 1, 2, fraction, 9L);
    append(id, "progress", progress, progress);
  }

  void event(String id, String type, Object data) {
    append(id, type, data, null);
  }

  private void append(String id, String type, Object data, JobProgress progress) {
    Job job = job(id);
    events.append(job.id(), job.leaseEpoch(), type, "info", data, progress).orElseThrow();
  }

  void cancelled(String id) {
    leases.cancelled(UUID.fromString(id), job(id).leaseEpoch()).orElseThrow();
  }

  void fail(String id, JobError error) {
    leases.fail(UUID.fromString(id), job(id).leaseEpoch(), error, 0).orElseThrow();
  }

  void succeed(String id) {
    succeed(id, Map.of());
  }

  /** Claims the job unless it runs, writes these files and finishes it with them. */
  void succeed(String id, Map<String, String> files) {
    Job job = job(id).state() == JobState.RUNNING ? job(id) : claim(id);
    String directory = "work/" + id + "/" + job.leaseEpoch() + "/result";
    List<JobResult.Artifact> artifacts = new ArrayList<>();
    files.forEach(
        (name, content) ->
            artifacts.add(write(settings.resolve(directory).resolve(name), name, content)));
    JobResult result =
        new JobResult(
            new PerplexityChange(5.66, 5.69, null, null, null, null, null),
            null,
            null,
            4.25,
            new JobResult.Size(4000, 1000),
            artifacts);
    leases.succeed(job.id(), job.leaseEpoch(), result, directory).orElseThrow();
  }

  /** Puts another file in an artifact's place, as a restored backup might. */
  void replace(String id, String name, String content) {
    String directory = "work/" + id + "/2/result";
    JobResult.Artifact artifact = write(settings.resolve(directory).resolve(name), name, content);
    sql.sql(
            """
            update job set artifact_directory = :directory, result = jsonb_set(result, '{artifacts}',
              jsonb_build_array(jsonb_build_object(
                'name', :name, 'bytes', :bytes, 'sha256', :sha256)))
            where id = :id
            """)
        .param("directory", directory)
        .param("name", name)
        .param("bytes", artifact.bytes())
        .param("sha256", artifact.sha256())
        .param("id", UUID.fromString(id))
        .update();
  }

  private static JobResult.Artifact write(Path file, String name, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
      byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(bytes);
      return new JobResult.Artifact(name, bytes.length, HexFormat.of().formatHex(sha256));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Job job(String id) {
    return jobs.find(UUID.fromString(id)).orElseThrow();
  }
}
