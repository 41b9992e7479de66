package org.alphaquant.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Fetches a receipt. */
@Command(
    name = "receipt",
    description = {"Print a finished job's signed receipt; verify checks it, without the service."},
    mixinStandardHelpOptions = true)
final class Receipt extends ServiceCommand {
  @Parameters(paramLabel = "JOB", description = "Id of the job.")
  private String id;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    print(client.read("/v1/jobs/%s/receipt".formatted(ServiceClient.encoded(id))).toPrettyString());
    return 0;
  }
}
