package org.alphaquant.runner.child;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.RunFailure;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.ScriptedRunner;

/** A runner that does what the job's model says, well or badly, without any model. */
public final class ScriptedRunnerMain {
  private static final int SIGKILL = 9;
  private static final int SIGSTOP = 19;
  private static final JobResult NOTHING = new JobResult(null, null, List.of());

  private ScriptedRunnerMain() {}

  /** Takes a runner's arguments. */
  public static void main(String[] arguments) {
    RunnerMain.serve(List.of(arguments), run -> ScriptedRunnerMain::work);
  }

  private static JobResult work(JobContext context) throws Exception {
    String model = context.spec().model();
    return switch (model.split("/")[0]) {
      case "abort" -> abort(context);
      case "card" ->
          throw new IllegalStateException(
              "cannot go on",
              new RuntimeException("CUDA error: uncorrectable ECC error encountered"));
      case "card-aborts" -> {
        context.unit("multiplying");
        // As PyTorch ends a process whose error nobody can catch any more.
        System.err.println(
            "terminate called after throwing an instance of 'c10::Error'\n  what():  CUDA error: an"
                + " uncorrectable NVLink error was detected during the execution");
        yield call("abort");
      }
      case "abort-once" -> context.earlierAttempts().isEmpty() ? abort(context) : NOTHING;
      case "abort-elsewhere" -> {
        context.unit("attempt " + context.leaseEpoch());
        yield call("abort");
      }
      case "exit" -> {
        context.unit("exiting");
        Runtime.getRuntime().halt(3);
        yield NOTHING;
      }
      case "bomb" -> bomb(context);
      case "deaf" -> deaf(context);
      case "waits" -> waits(context);
      case "killed" -> {
        context.unit("waiting");
        yield call("raise", SIGKILL);
      }
      case "frozen" -> {
        context.unit("standing still");
        yield call("raise", SIGSTOP);
      }
      case "user-failure" ->
          throw new RunFailure(JobError.Kind.USER, "unusable-input", "as the script says");
      case "failure" -> throw new IllegalStateException("as the script says");
      case "heap" -> heap(context);
      case "links" -> {
        Path link = context.artifactDirectory().resolve("model");
        Files.createSymbolicLink(link, Path.of("/etc/hostname"));
        yield artifact("model", Files.size(link));
      }
      case "escapes" -> {
        Files.writeString(context.attemptDirectory().resolve("outside"), "x");
        yield artifact("../outside", 1);
      }
      case "bad-event" -> {
        context.event("state", Map.of("state", "SUCCEEDED"));
        yield waits(context);
      }
      case "facts" -> facts(context);
      default -> new ScriptedRunner().run(context);
    };
  }

  private static JobResult abort(JobContext context) {
    context.unit("reading what aborts");
    return call("abort");
  }

  private static JobResult call(String function, Object... arguments) {
    Function.getFunction("c", function).invokeInt(arguments);
    return NOTHING;
  }

  private static JobResult bomb(JobContext context) {
    context.unit("growing");
    List<Memory> held = new ArrayList<>();
    while (true) {
      Memory block = new Memory(16 << 20);
      block.setMemory(0, block.size(), (byte) 1);
      held.add(block);
    }
  }

  private static JobResult heap(JobContext context) {
    context.unit("filling the heap");
    List<byte[]> held = new ArrayList<>();
    while (true) {
      held.add(new byte[16 << 20]);
    }
  }

  /** Never asks whether to stop. */
  private static JobResult deaf(JobContext context) {
    context.unit("not listening");
    context.event("log", Map.of("message", "does not listen"));
    while (true) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static JobResult waits(JobContext context) {
    context.unit("waiting");
    while (true) {
      context.ensureHeld();
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static JobResult artifact(String name, long bytes) {
    String sha256 = "0".repeat(64);
    return new JobResult(null, null, List.of(new JobResult.Artifact(name, bytes, sha256)));
  }

  /** Writes down where it runs. */
  private static JobResult facts(JobContext context) throws IOException {
    System.out.println("a line on standard output");
    System.err.println("a line on standard error");
    Path folder = context.attemptDirectory();
    Files.writeString(folder.resolve("pid"), Long.toString(ProcessHandle.current().pid()));
    Files.writeString(folder.resolve("environment"), System.getenv().toString());
    Files.writeString(folder.resolve("spec"), context.spec().toString());
    Files.writeString(folder.resolve("directory"), Path.of("").toAbsolutePath().toString());
    Files.copy(Path.of("/proc/self/limits"), folder.resolve("limits"));
    Files.copy(Path.of("/proc/self/status"), folder.resolve("status"));
    Files.writeString(folder.resolve("cwd"), Path.of("/proc/self/cwd").toRealPath().toString());
    Files.copy(Path.of("/proc/self/maps"), folder.resolve("maps"));
    Files.copy(Path.of("/proc/self/net/dev"), folder.resolve("network"));
    return NOTHING;
  }
}
