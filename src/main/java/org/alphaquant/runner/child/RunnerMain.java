package org.alphaquant.runner.child;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.run.QuantizationRun;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.alphaquant.worker.JobRunner;
import org.springframework.util.FileSystemUtils;

/** The entry point of a runner's process. */
public final class RunnerMain {

  /** First argument of the process; the socket and the token follow. */
  public static final String COMMAND = "runner";

  private RunnerMain() {}

  /** Whether these are the arguments of a runner. */
  public static boolean isRunner(List<String> arguments) {
    return arguments.size() == 3 && arguments.get(0).equals(COMMAND);
  }

  /** Handles requests until the service that started this process has ended. Does not return. */
  public static void main(String[] arguments) {
    serve(List.of(arguments), RunnerMain::quantization);
  }

  /** {@link #main} with a different job runner. */
  static void serve(List<String> arguments, Function<Message.Run, JobRunner> work) {
    try {
      SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
      socket.connect(UnixDomainSocketAddress.of(arguments.get(1)));
      Session session = new Session(new MessageChannel(socket), RunnerMain::end);
      session.start(arguments.get(2));
      new Requests(session, work).serve();
    } catch (IOException | InterruptedException e) {
      e.printStackTrace();
    }
    end();
  }

  // Halts, so that native code that is still running cannot keep the process alive.
  private static void end() {
    try {
      FileSystemUtils.deleteRecursively(Path.of("").toAbsolutePath());
    } catch (IOException leftBehind) {
      // The system cleans the folder of temporary files.
    }
    Runtime.getRuntime().halt(0);
  }

  private static JobRunner quantization(Message.Run run) {
    return new QuantizationRun(inputs(run.modelRoots(), run.fileRoots()));
  }

  static JobInputs inputs(List<String> modelRoots, List<String> fileRoots) {
    return new JobInputs(new SourceSettings(roots(modelRoots), roots(fileRoots)));
  }

  private static SourceSettings.Roots roots(List<String> folders) {
    return new SourceSettings.Roots(folders.stream().map(Path::of).toList());
  }
}
