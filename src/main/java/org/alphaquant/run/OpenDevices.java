package org.alphaquant.run;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;

/** PyTorch on every device of an attempt, each once; closed together. */
record OpenDevices(List<Torch> devices) implements AutoCloseable {

  /** Opens devices in parallel. */
  static OpenDevices of(List<String> names) {
    ExecutorService threads = Executors.newFixedThreadPool(names.size());
    List<Torch> opened = new ArrayList<>();
    try {
      List<Future<Torch>> opening =
          names.stream().map(name -> threads.submit(() -> Torch.open(name))).toList();
      opening.forEach(torch -> opened.add(InOrder.await(torch)));
      return new OpenDevices(opened);
    } catch (RuntimeException | Error failure) {
      opened.forEach(Torch::close);
      throw failure;
    } finally {
      threads.shutdown();
    }
  }

  /** Opens the first device of an attempt alone. */
  static Torch first(JobContext context) {
    context.unit("starting PyTorch on " + context.device());
    return Torch.open(context.device());
  }

  /** Those of these names, which stay with this. */
  OpenDevices named(Collection<String> names) {
    return new OpenDevices(devices.stream().filter(it -> names.contains(it.device())).toList());
  }

  /** Those that share a quantization: each needs a sample at least. */
  List<Torch> sharing(int samples) {
    return devices.subList(0, Math.max(1, Math.min(devices.size(), samples)));
  }

  @Override
  public void close() {
    devices.forEach(Torch::close);
  }
}
