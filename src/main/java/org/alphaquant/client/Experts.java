package org.alphaquant.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Shows how the router used the experts. */
@Command(
    name = "experts",
    description = "Show how the router used the experts: a row for each layer.",
    mixinStandardHelpOptions = true)
final class Experts extends ServiceCommand {
  @Parameters(paramLabel = "JOB", description = "Id of the job.")
  private String id;

  @Option(names = "--layer", paramLabel = "N", description = "This layer alone.")
  private Integer layer;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    String query = layer == null ? "" : "?layer=" + layer;
    JsonNode experts =
        client.read("/v1/jobs/%s/experts%s".formatted(ServiceClient.encoded(id), query));
    print(experts, ExpertMap.render(experts.path("data"), terminal().width()));
    return 0;
  }
}
