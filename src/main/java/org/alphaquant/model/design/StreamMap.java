package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.model.design.StreamTensor.Values;

/**
 * Every tensor of a model that a rotation of its residual stream changes, and every norm that is
 * folded into what reads behind it.
 *
 * @param width of the stream
 * @param valueDimensions of attention's values, each that there is once
 * @param norms of the stream
 * @param obstacle why the stream cannot be rotated: a sentence
 * @param valueObstacle why the values cannot: a sentence
 */
public record StreamMap(
    long width,
    List<Long> valueDimensions,
    List<StreamTensor> tensors,
    List<NormDesign> norms,
    Optional<String> obstacle,
    Optional<String> valueObstacle) {

  /** The description of a model without weights. */
  public static StreamMap of(Blueprint blueprint, boolean tied) {
    Collector collector = new Collector();
    StreamTensor embedding = StreamTensor.reading(blueprint.embedding(), Optional.empty());
    collector.tensors.add(embedding);
    for (int i = 0; i < blueprint.layers().size(); i++) {
      collector.layer(i, blueprint.layers().get(i));
    }
    NormDesign last = blueprint.finalNorm();
    collector.norm(last);
    StreamTensor head = StreamTensor.reading(blueprint.head(), Optional.of(last));
    collector.tensors.add(tied ? head.from(blueprint.embedding()) : head);
    return new StreamMap(
        blueprint.decoder().hidden(),
        collector.tensors.stream()
            .flatMap(tensor -> tensor.values().stream())
            .map(Values::dimension)
            .distinct()
            .toList(),
        List.copyOf(collector.tensors),
        List.copyOf(collector.norms),
        collector.obstacles.stream().findFirst(),
        collector.valueObstacles.stream().findFirst());
  }

  private static final class Collector {

    private final List<StreamTensor> tensors = new ArrayList<>();
    private final List<NormDesign> norms = new ArrayList<>();
    private final List<String> obstacles = new ArrayList<>();
    private final List<String> valueObstacles = new ArrayList<>();

    void layer(int index, LayerDesign layer) {
      AttentionDesign mixer = layer.attention();
      if (mixer instanceof GroupedQueryDesign attention) {
        attention(index, attention);
      } else if (mixer instanceof LatentDesign attention) {
        attention(index, attention);
      } else if (mixer instanceof DeltaNetDesign net) {
        List<LinearDesign> inputs = new ArrayList<>(net.inputs());
        inputs.addAll(net.steps());
        block(residual(index, net.residual()), inputs, net.output());
      } else if (mixer instanceof KimiDeltaDesign net) {
        List<LinearDesign> inputs = new ArrayList<>(net.inputs());
        inputs.addAll(List.of(net.beta(), net.narrow("f").get(0), net.narrow("g").get(0)));
        block(residual(index, net.residual()), inputs, net.output());
      } else if (mixer instanceof MambaDesign mamba) {
        block(residual(index, mamba.residual()), List.of(mamba.input()), mamba.output());
      } else if (mixer instanceof ShortConvolutionDesign convolution) {
        block(
            residual(index, convolution.residual()),
            List.of(convolution.input()),
            convolution.output());
      }
      if (layer.feedForward() instanceof MoeDesign moe) {
        mixture(index, moe);
      } else if (layer.feedForward() instanceof DenseDesign dense) {
        Optional<NormDesign> norm = residual(index, dense.residual());
        block(norm, dense.mlp().first(), dense.mlp().down());
      }
    }

    // Whatever lies between does not see the stream.
    private void block(Optional<NormDesign> norm, List<LinearDesign> inputs, LinearDesign output) {
      inputs.forEach(linear -> read(linear, norm));
      tensors.add(StreamTensor.writing(output));
    }

    private void attention(int index, GroupedQueryDesign attention) {
      Optional<NormDesign> norm = residual(index, attention.residual());
      HeadShape heads = attention.heads();
      long before =
          attention.projections().joint()
              ? (heads.heads() + heads.keyHeads()) * heads.dimension()
              : 0;
      Values read = Values.dense(before, heads.keyHeads(), heads.valueDimension());
      for (LinearDesign linear : attention.inputs()) {
        StreamTensor tensor = StreamTensor.reading(linear, norm);
        tensors.add(attention.makesValues(linear) ? tensor.with(read) : tensor);
      }
      Values attended = Values.dense(0, heads.heads(), heads.valueDimension());
      tensors.add(StreamTensor.writing(attention.output()).with(attended));
      valueObstacle(index, attention.projections());
    }

    private void valueObstacle(int index, Projections projections) {
      if (Double.isFinite(projections.clip())) {
        valueObstacles.add("layer %d clamps its values".formatted(index));
      }
      if (projections.gate() != OutputGate.NONE
          && projections.gate() != OutputGate.SOFTPLUS_PER_HEAD) {
        valueObstacles.add("layer %d gates each dimension of what it attends to".formatted(index));
      }
    }

    private void attention(int index, LatentDesign attention) {
      Optional<NormDesign> norm = residual(index, attention.residual());
      read(attention.queryDown(), norm);
      read(attention.keyValueDown(), norm);
      attention
          .indexer()
          .ifPresent(
              indexer -> {
                tensors.add(StreamTensor.reading(indexer.keyWeight(), norm));
                tensors.add(StreamTensor.reading(indexer.headWeight(), norm));
              });
      LatentShape shape = attention.shape();
      long stride = shape.plain() + shape.value();
      Values made = new Values(shape.plain(), shape.heads(), stride, shape.value());
      tensors.add(StreamTensor.inner(attention.keyValueUp()).with(made));
      Values attended = Values.dense(0, shape.heads(), shape.value());
      tensors.add(StreamTensor.writing(attention.output()).with(attended));
    }

    private void mixture(int index, MoeDesign moe) {
      Optional<NormDesign> norm = residual(index, moe.residual());
      if (moe.branches().beforeShared().isPresent() || moe.branches().beforeExperts().isPresent()) {
        obstacles.add("layer %d scales what each branch of its experts reads".formatted(index));
      }
      read(moe.router().linear(), norm);
      for (List<LinearDesign> expert : moe.experts().linears()) {
        int last = expert.size() - 1;
        block(norm, expert.subList(0, last), expert.get(last));
      }
      moe.shared()
          .ifPresent(
              shared -> {
                block(norm, shared.mlp().first(), shared.mlp().down());
                shared.gating().ifPresent(gate -> read(gate, norm));
              });
    }

    private void read(LinearDesign linear, Optional<NormDesign> norm) {
      tensors.add(StreamTensor.reading(linear, norm));
    }

    private Optional<NormDesign> residual(int index, ResidualDesign residual) {
      if (residual.after().isPresent()) {
        obstacles.add(
            "layer %d normalises what a block gives before it joins the stream (%s), dimension by dimension"
                .formatted(index, residual.after().get().name()));
      }
      residual.before().ifPresent(this::norm);
      return residual.before();
    }

    private void norm(NormDesign norm) {
      if (norm.kind() == NormKind.LAYER || norm.kind() == NormKind.LAYER_WITHOUT_BIAS) {
        obstacles.add(
            "%s is a LayerNorm, whose mean over the dimensions a rotation changes"
                .formatted(norm.name()));
      }
      if (norm.kind() != NormKind.RMS_WITHOUT_WEIGHT) {
        norms.add(norm);
      }
    }
  }
}
