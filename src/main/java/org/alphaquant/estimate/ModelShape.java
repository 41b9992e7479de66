package org.alphaquant.estimate;

import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.architecture.RoutingDescription;

/** The sizes of a described model that memory and time are estimated from. */
public record ModelShape(ModelDescription description, long tokens) {

  // An MLP or an expert is three matrices between the residual stream and its own width.
  private static final int MATRICES = 3;

  /** With the largest layer's sizes for every layer: what memory must suffice for. */
  public RunShape largest() {
    return shape(perLayer(ModuleKind.ATTENTION).getMax(), dense().getMax());
  }

  /** With the mean layer's sizes, for estimates of time. */
  public RunShape mean() {
    return shape((long) perLayer(ModuleKind.ATTENTION).getAverage(), (long) dense().getAverage());
  }

  private RunShape shape(long attentionWeights, long denseWeights) {
    RoutingDescription routing = description.routing().orElse(null);
    long hidden = description.hidden();
    return new RunShape(
        description.layers(),
        hidden,
        attentionWeights,
        routing == null ? 0 : routing.experts(),
        routing == null ? 0 : routing.topK(),
        routing == null ? 0 : expertWeights() / MATRICES / hidden,
        denseWeights / MATRICES / hidden,
        description.vocabulary(),
        tokens,
        attentionInput());
  }

  private long attentionInput() {
    return description.linears().stream()
        .filter(linear -> linear.kind() == ModuleKind.ATTENTION)
        .mapToLong(ModuleDescription::inFeatures)
        .max()
        .orElse(description.hidden());
  }

  private LongSummaryStatistics dense() {
    return perLayer(ModuleKind.DENSE_MLP, ModuleKind.SHARED_EXPERT);
  }

  private LongSummaryStatistics perLayer(ModuleKind... kinds) {
    Set<ModuleKind> wanted = Set.of(kinds);
    Map<Integer, Long> weights =
        description.linears().stream()
            .filter(linear -> wanted.contains(linear.kind()))
            .collect(
                Collectors.groupingBy(
                    ModuleDescription::layer, Collectors.summingLong(ModuleDescription::elements)));
    return IntStream.range(0, description.layers())
        .mapToLong(layer -> weights.getOrDefault(layer, 0L))
        .summaryStatistics();
  }

  private long expertWeights() {
    Map<Integer, Long> first =
        description.linears().stream()
            .filter(linear -> linear.expert() == 0)
            .collect(
                Collectors.groupingBy(
                    ModuleDescription::layer, Collectors.summingLong(ModuleDescription::elements)));
    return first.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }
}
