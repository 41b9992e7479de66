package org.alphaquant.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Follows a job to its end. */
@Command(
    name = "watch",
    description = "Follow a job to its end; the exit status is 0 if it succeeded.",
    mixinStandardHelpOptions = true)
final class Watch extends ServiceCommand {
  @Parameters(paramLabel = "JOB", description = "Id of the job.")
  private String id;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    return new WatchedJob(client, terminal()).end(id, this);
  }
}
