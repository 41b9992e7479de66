package org.alphaquant.prepare;

import java.util.Collection;
import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.RoutingDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.plan.InspectionRequest;
import org.alphaquant.job.plan.ModelInspection;
import org.alphaquant.job.plan.ModelInspector;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.source.ModelLicence;
import org.alphaquant.source.SourceException;
import org.alphaquant.storage.ModuleSummary;
import org.springframework.stereotype.Component;

/** Describes models below the allowed roots. */
@Component
class SourceInspector implements ModelInspector {

  private final JobInputs inputs;

  SourceInspector(JobInputs inputs) {
    this.inputs = inputs;
  }

  @Override
  public List<FamilyDescription> architectures() {
    return ModelFamilies.known();
  }

  @Override
  public ModelInspection inspect(InspectionRequest request) {
    try (Checkpoint checkpoint = inputs.checkpoint(request.model(), request.revision())) {
      return inspection(
          request.model(), checkpoint, ModelFamilies.describe(checkpoint, request.modelType()));
    } catch (SourceException | CheckpointException | ModelException e) {
      throw new RefusedException(
          List.of(InputProblems.ofModel(request.model(), request.modelType(), e)));
    }
  }

  private static ModelInspection inspection(
      String model, Checkpoint checkpoint, ModelDescription description) {
    List<LayerDescription> sparse =
        description.layerList().stream().filter(layer -> layer.routing().isPresent()).toList();
    int experts = description.routing().map(RoutingDescription::experts).orElse(0);
    int topK = description.routing().map(RoutingDescription::topK).orElse(0);
    return new ModelInspection(
        model,
        description.family(),
        ModelLicence.of(checkpoint.folder()).orElse(null),
        description.recognisedBy(),
        description.layers(),
        sparse.size(),
        experts,
        topK,
        sparse.stream().findFirst().map(SourceInspector::routing).orElse(null),
        description.hidden(),
        description.vocabulary(),
        description.contextLength(),
        description.tiedHead(),
        description.parameters(),
        description.bytes(),
        names(quantizedByDefault(description)),
        names(description.unread()));
  }

  private static List<String> quantizedByDefault(ModelDescription description) {
    return description.linears().stream()
        .filter(module -> !module.kind().isProtected())
        .map(ModuleDescription::name)
        .toList();
  }

  private static ModelInspection.Routing routing(LayerDescription layer) {
    RoutingDescription routing = layer.routing().orElseThrow();
    return new ModelInspection.Routing(
        routing.score(),
        routing.renormalised(),
        routing.scale(),
        routing.groups(),
        routing.keptGroups(),
        routing.correctionBias(),
        layer.sharedExpertWidth(),
        layer.sharedExpertGated());
  }

  private static ModelInspection.Names names(Collection<String> names) {
    return new ModelInspection.Names(names.size(), ModuleSummary.of(names));
  }
}
