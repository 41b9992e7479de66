package org.alphaquant.runner.child;

import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.job.JobSpec;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.TokenCount;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.alphaquant.worker.Failures;
import org.alphaquant.worker.JobRunner;

/** Handles the requests of the service, in one thread. */
final class Requests {
  private final Session session;
  private final Function<Message.Run, JobRunner> work;

  Requests(Session session, Function<Message.Run, JobRunner> work) {
    this.session = session;
    this.work = work;
  }

  void serve() throws InterruptedException {
    while (true) {
      Message answer = answer(session.next());
      HeapMemory.giveBack();
      session.send(answer);
    }
  }

  private Message answer(Message request) {
    if (request instanceof Message.Run run) {
      return attempt(run);
    }
    if (request instanceof Message.TryTokenizer trial) {
      session.begin("trying tokenizer.json");
      return tried(trial);
    }
    if (request instanceof Message.CountTokens texts) {
      session.begin("counting tokens");
      return counted(texts);
    }
    if (request instanceof Message.LoadTorch) {
      session.begin("loading PyTorch");
      return new Message.TorchLoaded(
          Engine.getEngine("PyTorch").hasCapability(StandardCapabilities.CUDA));
    }
    throw new IllegalStateException("no request: " + request.getClass().getSimpleName());
  }

  private static Message tried(Message.TryTokenizer trial) {
    Path folder = Path.of(trial.folder());
    Links links = RunnerMain.inputs(trial.modelRoots(), List.of()).links(folder);
    return new Message.Tried(TokenizerProblem.find(folder, links, trial.vocabulary()).orElse(null));
  }

  private static Message counted(Message.CountTokens texts) {
    JobSpec spec = MessageChannel.JSON.treeToValue(texts.spec(), JobSpec.class);
    JobInputs inputs = RunnerMain.inputs(texts.modelRoots(), texts.fileRoots());
    TokenCount count = TokenCount.of(Path.of(texts.folder()), spec, inputs);
    return new Message.Counted(MessageChannel.JSON.valueToTree(count));
  }

  private Message attempt(Message.Run run) {
    WorkingDirectory.enter(Path.of(run.directory()));
    try {
      session.begin("reading the job");
      return new Message.Done(work.apply(run).run(new RemoteContext(run, session)));
    } catch (StopRequestedException stopped) {
      return new Message.Stopped();
    } catch (Throwable failure) {
      return failed(failure, Path.of(run.directory()));
    } finally {
      // Back to the folder that this process was started in.
      WorkingDirectory.enter(Path.of("").toAbsolutePath());
    }
  }

  private static Message failed(Throwable failure, Path directory) {
    // As in the service, messages name the folder of all attempts.
    return new Message.Failed(Failures.classify(failure, directory.getParent()));
  }
}
