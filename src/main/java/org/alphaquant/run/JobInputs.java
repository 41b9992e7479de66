package org.alphaquant.run;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.LinearDescription;
import org.alphaquant.model.LinearKind;
import org.alphaquant.model.ModelDescription;
import org.alphaquant.model.ModelFamilies;
import org.alphaquant.scheme.ModuleDescription;
import org.alphaquant.scheme.ModuleKind;
import org.alphaquant.scheme.QuantizationConfig;
import org.alphaquant.scheme.Resolution;
import org.springframework.stereotype.Component;

/** Turns the names in a specification into things: folder, model, schemes, texts. */
@Component
class JobInputs {

  private final SourceSettings settings;

  JobInputs(SourceSettings settings) {
    this.settings = settings;
  }

  /** The model's folder. */
  Path folder(JobSpec spec) {
    return settings.modelRoots().folder(spec.model());
  }

  ModelDescription describe(JobSpec spec, Checkpoint checkpoint) {
    return ModelFamilies.describe(checkpoint, spec.modelType());
  }

  Resolution resolve(JobSpec spec, ModelDescription description) {
    return QuantizationConfig.parse(spec.config()).resolve(modules(description));
  }

  CalibrationSpec calibration(JobSpec spec) {
    JobSpec.Calibration calibration = spec.calibration();
    return new CalibrationSpec(
        text(calibration),
        calibration.samples(),
        calibration.sequenceLength(),
        calibration.minLength() == null
            ? OptionalInt.empty()
            : OptionalInt.of(calibration.minLength()),
        calibration.seed());
  }

  /** The text that perplexity is measured on; null where none is asked for. */
  Path evaluationText(JobSpec spec) {
    return spec.evaluation() == null || spec.evaluation().perplexity() == null
        ? null
        : settings.fileRoots().file(spec.evaluation().perplexity().path());
  }

  private TextSource text(JobSpec.Calibration calibration) {
    if (calibration.texts() != null) {
      return new TextSource.Inline(calibration.texts());
    }
    return calibration.path() == null
        ? BuiltInText.documents()
        : TextSource.of(settings.fileRoots().file(calibration.path()), calibration.field());
  }

  static List<ModuleDescription> modules(ModelDescription description) {
    return description.linears().stream().map(JobInputs::module).toList();
  }

  private static ModuleDescription module(LinearDescription linear) {
    return new ModuleDescription(
        linear.name(),
        linear.out(),
        linear.in(),
        kind(linear.kind()),
        linear.layer(),
        linear.expert());
  }

  private static ModuleKind kind(LinearKind kind) {
    return switch (kind) {
      case ATTENTION -> ModuleKind.ATTENTION;
      case DENSE_MLP -> ModuleKind.DENSE_MLP;
      case SHARED_EXPERT -> ModuleKind.SHARED_EXPERT;
      case SHARED_EXPERT_GATE -> ModuleKind.SHARED_EXPERT_GATE;
      case EXPERT -> ModuleKind.EXPERT;
      case ROUTER -> ModuleKind.ROUTER;
      case HEAD -> ModuleKind.HEAD;
    };
  }
}
