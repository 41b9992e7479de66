package org.alphaquant;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import org.alphaquant.client.ClientException;
import org.alphaquant.client.Commands;
import org.alphaquant.client.Terminal;
import org.alphaquant.quickstart.Quickstart;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The commands of the jar. */
@Command(
    name = "alphaquant",
    description = {
      "AlphaQuant Server quantizes Mixture-of-Experts language models.",
      "",
      "Without a command the service starts; properties are --name=value:",
      "  java -jar alphaquant-server.jar --alphaquant.models.roots=/models",
      "README.md and docs/ list the properties.",
      ""
    },
    mixinStandardHelpOptions = true,
    versionProvider = Program.Version.class,
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:it did what it was for",
      "1:the job did not succeed, or the service refused the request",
      "2:a wrong option or argument",
      "3:the service does not answer"
    },
    footerHeading = "%nEnvironment:%n",
    footer = {
      "  ALPHAQUANT_URL   address of the service (http://localhost:8080)",
      "  ALPHAQUANT_KEY   API key of the client's commands",
      "",
      "Completion in bash or zsh: source <(alphaquant generate-completion)"
    })
final class Program implements Commands {
  static final int USAGE = ClientException.USAGE;

  private static final String WIDTH = "ALPHAQUANT_WIDTH";

  private final PrintStream out;
  private final PrintStream err;
  private final Terminal terminal;

  Program(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
    this.terminal = new Terminal("alphaquant", out, err, width());
  }

  /** Whether the arguments name a command; without one they are properties of the service. */
  static boolean isCommand(List<String> arguments) {
    return !arguments.isEmpty()
        && (!arguments.get(0).startsWith("-")
            || List.of("--help", "-h", "--version", "-V").contains(arguments.get(0)));
  }

  /** Runs a command and returns the exit status of the process. */
  int run(List<String> arguments) {
    return commandLine().execute(arguments.toArray(String[]::new));
  }

  @Override
  public Terminal terminal() {
    return terminal;
  }

  private CommandLine commandLine() {
    CommandLine line = new CommandLine(this);
    Commands.all().forEach(line::addSubcommand);
    line.addSubcommand(new CreateKey(out));
    line.addSubcommand(new Migrate(out));
    line.addSubcommand(new Quickstart());
    line.addSubcommand(new VerifyReceipt(out, err));
    line.addSubcommand(new CreateReceiptKey(out, err));
    line.addSubcommand("generate-completion", new GenerateCompletion());
    return line.setOut(writer(out))
        .setErr(writer(err))
        .setParameterExceptionHandler(this::usage)
        .setExecutionExceptionHandler(this::failed);
  }

  /** One line that names what is wrong, and where to read on. */
  private int usage(ParameterException wrong, String[] arguments) {
    String command = wrong.getCommandLine().getCommandSpec().qualifiedName();
    err.println(
        "%s: %s%s; see %s --help".formatted(command, wrong.getMessage(), meant(wrong), command));
    return USAGE;
  }

  private static String meant(ParameterException wrong) {
    List<String> near =
        wrong instanceof UnmatchedArgumentException unknown ? unknown.getSuggestions() : List.of();
    return near.isEmpty() ? "" : "; did you mean " + near.get(0) + "?";
  }

  private int failed(Exception failure, CommandLine line, CommandLine.ParseResult parsed)
      throws Exception {
    if (failure instanceof ClientException known) {
      terminal.fail(known.getMessage());
      return known.status();
    }
    throw failure;
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, Charset.defaultCharset()), true);
  }

  private static int width() {
    return Optional.ofNullable(System.getenv(WIDTH))
        .filter(text -> text.matches("\\d{1,4}"))
        .map(Integer::valueOf)
        .orElse(0);
  }

  /** The version that the jar's manifest holds. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Program.class.getPackage().getImplementationVersion();
      return new String[] {"AlphaQuant Server " + (version == null ? "(not packaged)" : version)};
    }
  }
}
