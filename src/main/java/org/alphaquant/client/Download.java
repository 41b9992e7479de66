package org.alphaquant.client;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Downloads a result. */
@Command(
    name = "download",
    description = "Download a result; resumes an interrupted download.",
    mixinStandardHelpOptions = true)
final class Download extends ServiceCommand {
  @Parameters(paramLabel = "JOB", description = "Id of the job.")
  private String id;

  @Option(
      names = "--to",
      paramLabel = "DIR",
      description = "Folder to write to (a folder named by the job's id).")
  private Path folder;

  @Override
  int run(ServiceClient client) throws InterruptedException {
    String path = "/v1/jobs/%s/artifacts".formatted(ServiceClient.encoded(id));
    JsonNode artifacts = client.read(path);
    Path target = (folder == null ? Path.of(id) : folder).toAbsolutePath().normalize();
    ArtifactDownload download = new ArtifactDownload(client, path, target, terminal());
    for (JsonNode artifact : artifacts.path("data")) {
      download.fetch(artifact);
    }
    print(artifacts, "%d files in %s".formatted(artifacts.path("data").size(), target));
    return 0;
  }
}
