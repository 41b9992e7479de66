package org.alphaquant.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Queues a failed or cancelled job again. */
@Command(
    name = "retry",
    description = "Queue a failed or cancelled job again.",
    mixinStandardHelpOptions = true)
final class Retry extends ServiceCommand {
  @Parameters(paramLabel = "JOB", description = "Id of the job.")
  private String id;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    print(client.post("/v1/jobs/%s/retry".formatted(ServiceClient.encoded(id))), "Queued.");
    return 0;
  }
}
