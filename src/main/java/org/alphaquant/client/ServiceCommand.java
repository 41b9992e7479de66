package org.alphaquant.client;

import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The base of all commands: the service's address, the terminal, and the exit status. */
abstract class ServiceCommand implements Callable<Integer> {
  private static final JsonMapper INDENTED =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  @Mixin private Connection connection;
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the service's answer as JSON.")
  private boolean json;

  @Override
  public final Integer call() throws InterruptedException {
    return run(connection.open());
  }

  /** Executes the command and returns the exit status. */
  abstract int run(ServiceClient client) throws InterruptedException;

  final boolean wantsJson() {
    return json;
  }

  /** Prints the response itself with {@code --json}, and the text otherwise. */
  final void print(JsonNode answer, String text) {
    print(json ? INDENTED.writeValueAsString(answer) : text);
  }

  final void print(String text) {
    spec.commandLine().getOut().println(text);
    spec.commandLine().getOut().flush();
  }

  final Terminal terminal() {
    return ((Commands) spec.root().userObject()).terminal();
  }
}
