package org.alphaquant.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** Posts a job. */
@Command(
    name = "submit",
    description = "Post a job and print its id.",
    mixinStandardHelpOptions = true)
final class Submit extends ServiceCommand {
  @Mixin private JobBody body;

  @Option(
      names = {"-w", "--watch"},
      description = "Follow the job to its end; the exit status is then the job's.")
  private boolean watch;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    JsonNode job = client.post("/v1/jobs", body.text(client));
    String id = job.path("id").asString();
    if (!watch || !wantsJson()) {
      print(job, id);
    }
    return watch ? new WatchedJob(client, terminal()).end(id, this) : 0;
  }
}
