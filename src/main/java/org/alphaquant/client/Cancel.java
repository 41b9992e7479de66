package org.alphaquant.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Cancels a job. */
@Command(name = "cancel", description = "Cancel a job.", mixinStandardHelpOptions = true)
final class Cancel extends ServiceCommand {
  @Parameters(paramLabel = "JOB", description = "Id of the job.")
  private String id;

  @Option(names = "--reason", paramLabel = "TEXT", description = "The reason, shown with the job.")
  private String reason;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    String query = reason == null ? "" : "?reason=" + ServiceClient.encoded(reason);
    JsonNode job = client.post("/v1/jobs/%s/cancel%s".formatted(ServiceClient.encoded(id), query));
    boolean ended = job.path("state").asString("").equals("CANCELLED");
    print(job, ended ? "Cancelled." : "The job stops after the unit of work it is in.");
    return 0;
  }
}
