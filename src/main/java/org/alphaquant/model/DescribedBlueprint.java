package org.alphaquant.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.LayerDesign;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.Outline;
import org.alphaquant.model.design.SharedExpertDesign;

/** Turns a blueprint into a {@link ModelDescription}. */
final class DescribedBlueprint {

  private DescribedBlueprint() {}

  static ModelDescription describe(
      FamilyDetection detection,
      Blueprint blueprint,
      Outline outline,
      Map<String, Object> defaults) {
    DecoderConfig decoder = blueprint.decoder();
    return new ModelDescription(
        detection.family().name(),
        detection.recognisedBy(),
        decoder.layers(),
        decoder.hidden(),
        decoder.vocabulary(),
        outline.parameters(),
        outline.bytes(),
        decoder.positions(),
        blueprint.sharesEmbedding(outline),
        embedding(blueprint),
        layers(blueprint),
        outline.linears(),
        List.copyOf(outline.unread()),
        defaults);
  }

  private static ModuleDescription embedding(Blueprint blueprint) {
    DecoderConfig decoder = blueprint.decoder();
    String tensor = blueprint.embedding();
    return new ModuleDescription(
        tensor.substring(0, tensor.length() - ".weight".length()),
        decoder.vocabulary(),
        decoder.hidden(),
        ModuleKind.EMBEDDING,
        -1,
        -1);
  }

  private static List<LayerDescription> layers(Blueprint blueprint) {
    return IntStream.range(0, blueprint.layers().size())
        .mapToObj(index -> layer(index, blueprint.layers().get(index)))
        .toList();
  }

  private static LayerDescription layer(int index, LayerDesign layer) {
    Optional<MoeDesign> moe =
        layer.feedForward() instanceof MoeDesign design ? Optional.of(design) : Optional.empty();
    Optional<SharedExpertDesign> shared = moe.flatMap(MoeDesign::shared);
    return new LayerDescription(
        index,
        layer.attention().kind(),
        layer.attention().window(),
        moe.map(design -> design.router().describe()),
        shared.map(expert -> expert.mlp().width()).orElse(0L),
        shared.flatMap(SharedExpertDesign::gating).isPresent(),
        moe.map(MoeDesign::experts).filter(ExpertsDesign::published).map(ExpertsDesign::stack));
  }
}
