package org.alphaquant.server;

import java.nio.file.Path;
import java.util.UUID;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of this server process.
 *
 * @param dataDir folder of the embedded database, of work files and of results
 * @param role which part of the service this process is
 * @param listen whether the database may wake this process; without it (behind a pooler that does
 *     not support LISTEN) changes are found by polling every few seconds
 */
@ConfigurationProperties("alphaquant")
public record ServerSettings(
    @DefaultValue("./data") Path dataDir,
    @DefaultValue("all") Role role,
    @DefaultValue("true") boolean listen) {
  /** Name of that file in the attempt's folder. */
  public static final String RUNNER_LOG = "runner.log";

  public ServerSettings {
    dataDir = dataDir.toAbsolutePath().normalize();
  }

  /** Folder of all attempts of a job. */
  public Path workDirectory(UUID job) {
    return workDirectory().resolve(job.toString());
  }

  /** Folder of all jobs' attempts. */
  public Path workDirectory() {
    return dataDir.resolve("work");
  }

  /** What the runner of an attempt wrote to its standard output and error. */
  public Path runnerLog(UUID job, long epoch) {
    return workDirectory(job).resolve(Long.toString(epoch)).resolve(RUNNER_LOG);
  }

  /** The folder that a job's row names as its result. */
  public Path resolve(String artifactDirectory) {
    return dataDir.resolve(artifactDirectory);
  }

  /** Roles of a process. */
  public enum Role {
    /** Serves HTTP and runs jobs. */
    ALL,
    /** Serves HTTP only and never loads a native library. */
    API,
    /** Runs jobs; its HTTP port serves probes and metrics. */
    WORKER;

    /** Whether this process runs jobs. */
    public boolean runsJobs() {
      return this != API;
    }
  }
}
