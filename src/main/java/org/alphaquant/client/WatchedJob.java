package org.alphaquant.client;

import java.util.function.Consumer;
import org.alphaquant.client.EventFollower.JobEvent;
import tools.jackson.databind.JsonNode;

/** One job, followed in the terminal to the table with its result. */
final class WatchedJob {
  private final ServiceClient client;
  private final Terminal terminal;

  WatchedJob(ServiceClient client, Terminal terminal) {
    this.client = client;
    this.terminal = terminal;
  }

  /** Follows the job, prints how it ended, and returns the exit status. */
  int end(String id, ServiceCommand command) throws InterruptedException {
    String path = "/v1/jobs/" + ServiceClient.encoded(id);
    String state = command.wantsJson() ? follow(id, event -> {}) : live(id);
    JsonNode job = client.read(path);
    boolean succeeded = state.equals("SUCCEEDED");
    command.print(job, succeeded ? summary(path, job) : Summary.failure(state, job));
    return succeeded ? 0 : ClientException.FAILED;
  }

  private String live(String id) throws InterruptedException {
    try (LiveProgress progress = new LiveProgress(terminal)) {
      return follow(id, progress::event);
    }
  }

  /** Waits while the service restarts: the job resumes afterwards. */
  private String follow(String id, Consumer<JobEvent> listener) throws InterruptedException {
    return new EventFollower(client, () -> {}).follow(ServiceClient.encoded(id), listener);
  }

  private String summary(String path, JsonNode job) throws InterruptedException {
    return Summary.of(client, job, client.url() + path + "/artifacts", path);
  }
}
