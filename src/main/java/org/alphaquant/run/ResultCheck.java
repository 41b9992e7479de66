package org.alphaquant.run;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.RunFailure;
import org.alphaquant.quantize.LinearReport;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultTensor;
import org.alphaquant.storage.StoredResult;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;

/**
 * Verifies a reopened result against its plan: the files hold exactly the planned tensors, every
 * quantized weight decodes to the solver's, and everything else equals the source byte for byte.
 */
final class ResultCheck {

  private static final int THREADS = 32;

  private final Plan plan;
  private final StoredResult result;
  private final StoredWeights weights;
  private final Pieces pieces;
  private final Map<String, List<TensorSource>> decoded;
  private final Runnable between;

  /**
   * @param decoded planes of the modules whose weights have been verified, by module
   * @param between called between tensors; throws to cancel
   */
  ResultCheck(
      Plan plan,
      StoredResult result,
      StoredWeights weights,
      Map<String, List<TensorSource>> decoded,
      Runnable between) {
    this.decoded = decoded;
    this.plan = plan;
    this.result = result;
    this.weights = weights;
    this.pieces = new Pieces(plan);
    this.between = between;
  }

  /**
   * Compares everything.
   *
   * @param solved report of each quantized module, by name
   * @param pieces the source's plain tensors, by name
   * @throws RunFailure if anything differs, which only a fault of this program or of the disk can
   *     make
   */
  void check(Torch torch, Map<String, LinearReport> solved, Map<String, TensorSource> pieces) {
    checkNothingIsLost();
    checkTensors();
    checkQuantized(torch, solved);
    checkPlain(pieces);
    checkCacheScales();
  }

  private void checkCacheScales() {
    for (TensorInfo scale : plan.content().cacheScales()) {
      float value =
          result.bytes(scale.name()).get(0).duplicate().order(ByteOrder.LITTLE_ENDIAN).getFloat();
      if (!(value > 0 && value < Float.POSITIVE_INFINITY)) {
        throw mismatch(scale.name() + " is " + value + "; a scale is a number above 0");
      }
    }
  }

  private void checkNothingIsLost() {
    Set<String> lost = plan.lost();
    if (!lost.isEmpty()) {
      throw mismatch(
          "%d tensors of the model are in no tensor of the plan, %s among them"
              .formatted(lost.size(), lost.iterator().next()));
    }
  }

  private void checkTensors() {
    Map<String, ResultTensor> stored = new LinkedHashMap<>(result.tensors());
    for (PlannedTensor planned : plan.tensors()) {
      ResultTensor found = stored.remove(planned.name());
      if (!planned.tensor().equals(found)) {
        throw mismatch("%s is planned but %s is stored".formatted(planned.tensor(), found));
      }
    }
    if (!stored.isEmpty()) {
      throw mismatch("%s is stored but not planned".formatted(stored.values().iterator().next()));
    }
  }

  private void checkQuantized(Torch torch, Map<String, LinearReport> solved) {
    // On a GPU it is the host that decoding waits for; on the CPU one decoding takes all of it.
    boolean busy = decoded.isEmpty() && torch.device().equals("cpu");
    int threads = busy ? 1 : InOrder.threads(THREADS);
    List<ModuleScheme> modules = List.copyOf(plan.content().quantized());
    InOrder.forEach(threads, modules, module -> checkQuantized(torch, module, solved), between);
  }

  private void checkQuantized(Torch torch, ModuleScheme module, Map<String, LinearReport> solved) {
    LinearReport report = solved.get(module.name());
    if (report == null) {
      throw mismatch(
          module.name() + " is planned as " + module.scheme().label() + " but was not quantized");
    }
    if (decoded.containsKey(module.name())) {
      for (TensorSource plane : decoded.get(module.name())) {
        compare(plane.info().name(), plane, pieces.read(result, plane.info().name()));
      }
      return;
    }
    try (TensorScope scope = torch.scope("verify")) {
      NDArray checksum = LayerCheck.checksums(scope, weights.decoded(scope, module), 1);
      LayerCheck.requireSolved(scope.toLongs(checksum)[0], module, report);
    }
  }

  // Beside the planes of quantized weights a tensor may hold plain ones, in a stack of experts.
  private void checkPlain(Map<String, TensorSource> sources) {
    Set<String> planes =
        plan.content().quantized().stream()
            .flatMap(module -> planes(module).stream())
            .collect(Collectors.toSet());
    plan.content().cacheScales().forEach(scale -> planes.add(scale.name()));
    InOrder.forEach(
        InOrder.threads(THREADS),
        plan.tensors(),
        tensor -> checkPlain(tensor, planes, sources),
        between);
  }

  private void checkPlain(
      PlannedTensor tensor, Set<String> planes, Map<String, TensorSource> sources) {
    List<String> plain = tensor.pieces().stream().filter(piece -> !planes.contains(piece)).toList();
    if (plain.size() == tensor.pieces().size()) {
      List<TensorSource> whole = plain.stream().map(sources::get).toList();
      TensorSource expected = tensor.assembly().assemble(tensor, whole);
      compare(tensor.name(), expected, result.bytes(tensor.name()));
    } else {
      plain.forEach(piece -> compare(piece, sources.get(piece), pieces.read(result, piece)));
    }
  }

  private List<String> planes(ModuleScheme module) {
    return plan.format().planes(module, plan.dtype()).stream()
        .map(plane -> module.name() + "." + plane.suffix())
        .toList();
  }

  private static void compare(String name, TensorSource source, List<ByteBuffer> stored) {
    try (ComparingChannel channel = new ComparingChannel(stored)) {
      source.writeTo(channel);
      if (!channel.isEqualSoFar() || !channel.isAtEnd()) {
        throw mismatch(name + " is not stored as it was given");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RunFailure mismatch(String detail) {
    return new RunFailure(JobError.Kind.INTERNAL, "checkpoint-mismatch", detail);
  }
}
