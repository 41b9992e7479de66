package org.alphaquant.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.alphaquant.architecture.Precision;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.estimate.MemoryPlan;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.model.Model;
import org.alphaquant.prepare.CoveragePlan;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.quantize.Rehearsal;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rehearses a job's work on a GPU, each kind of it on a thread of its own. */
final class Rehearsing implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Rehearsing.class);

  // What it takes beside what the run plans with.
  private static final long LEAST_FREE = 64L << 30;

  private static final Set<String> DONE = ConcurrentHashMap.newKeySet();

  private final PreparedJob job;
  private final List<Thread> threads = new ArrayList<>();
  private final Thread beginning;
  private volatile boolean ended;

  /**
   * @param devices begins once they are open; on those that cannot be opened nothing
   */
  Rehearsing(PreparedJob job, CompletableFuture<OpenDevices> devices) {
    this.job = job;
    this.beginning = new Thread(() -> begin(devices), "rehearse");
    beginning.setDaemon(true);
    beginning.start();
  }

  // Planned before the devices are open.
  private void begin(CompletableFuture<OpenDevices> devices) {
    SolverSettings settings = new SolverSettings(inputs());
    QuantizationPlan plan = settings.plan();
    OpenDevices open = devices.handle((opened, failure) -> opened).join();
    if (open != null) {
      open.devices().forEach(device -> begin(device, plan, settings.precision()));
    }
  }

  // Where the device is a GPU with room for it that has done nothing yet in this process.
  private void begin(Torch device, QuantizationPlan plan, Precision precision) {
    long free = device.freeDeviceMemory().orElse(0);
    if (free >= LEAST_FREE && DONE.add(device.device())) {
      for (Kind kind : kinds(plan, free)) {
        start(kind.name, () -> rehearsed(device, precision, kind));
      }
      start("host memory", () -> prepareMemory(device));
      start("comparison", ComparingChannel::warmUp);
    }
  }

  /** A kind of work. */
  record Kind(String name, Consumer<TensorScope> work) {}

  /**
   * All kinds, each for a thread of its own.
   *
   * @param free bytes of the device, 0 for a host
   */
  List<Kind> kinds(long free) {
    return kinds(new SolverSettings(inputs()).plan(), free);
  }

  private List<Kind> kinds(QuantizationPlan plan, long free) {
    MemoryPlan memory =
        new MemoryPlan(new CoveragePlan(job).largest((long) samples() * length()), free, 0);
    Rehearsal rehearsal = new Rehearsal(plan, memory);
    return List.of(
        new Kind("experts", scope -> rehearsal.experts(scope, opened(scope), this::goOn)),
        new Kind("solve", scope -> solve(rehearsal, scope)));
  }

  private void goOn() {
    if (ended) {
      throw new CancellationException("the run has ended");
    }
  }

  private Model opened(TensorScope scope) {
    Model model = job.model().open(scope);
    model.announcesNothing();
    return model;
  }

  // What the first layer will be read into, and what it will be packed into.
  private void prepareMemory(Torch device) {
    try (TensorScope scope = device.scope("announcement")) {
      job.model().open(scope).announceFirst(scope);
    }
    device.reserveHostMemory();
  }

  /** Matrices that are solved alike. */
  private record Alike(TensorScheme scheme, long inputs) {}

  private void solve(Rehearsal rehearsal, TensorScope scope) {
    job.plan().content().quantized().stream()
        .map(module -> new Alike(module.scheme(), module.module().inFeatures()))
        .distinct()
        .forEach(
            alike -> {
              goOn();
              rehearsal.solve(scope, alike.scheme, alike.inputs);
            });
  }

  private void start(String kind, Runnable work) {
    Thread thread = new Thread(work, "rehearse " + kind);
    thread.setDaemon(true);
    thread.start();
    threads.add(thread);
  }

  private static void rehearsed(Torch device, Precision precision, Kind kind) {
    long start = System.nanoTime();
    try (TensorScope whole = device.scope("rehearsal");
        TensorScope scope = whole.computing(precision)) {
      kind.work.accept(scope);
      log.debug("{} took {} ms to rehearse", kind.name, (System.nanoTime() - start) / 1_000_000);
    } catch (RuntimeException | Error failure) {
      // The run itself sees what is wrong.
      log.debug("{} could not be rehearsed", kind.name, failure);
    }
  }

  private int length() {
    return job.spec().calibration().sequenceLength();
  }

  private int samples() {
    return Math.max(1, (16 << 10) / length());
  }

  // Any samples do: of a batch of the job's length.
  private RunInputs inputs() {
    long[] tokens = LongStream.range(0, length()).map(i -> i % 64).toArray();
    long[][] all = IntStream.range(0, samples()).mapToObj(i -> tokens).toArray(long[][]::new);
    CalibrationSamples samples = new CalibrationSamples(all, List.of(), List.of(), Set.of());
    return new RunInputs(job, samples, null, new long[0][], new long[0][], null, null, null);
  }

  /** Ends it, and waits for that. */
  @Override
  public void close() {
    ended = true;
    join(beginning);
    threads.forEach(Rehearsing::join);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
