package org.alphaquant.scheme.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.Resolution;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.Fallback;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.storage.mxfp4.Mxfp4Storage;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.TargetRuntime;

/** Makes plans for one model. */
public record Planner(PlannedSource source) {

  /**
   * The plan for a resolved configuration.
   *
   * @param requested the checkpoint format, or empty for the most readable one that holds all
   */
  public Plan plan(Resolution resolution, Optional<StorageFormat> requested, TargetRuntime target) {
    return plan(resolution, requested, target, false);
  }

  /** The plan for codes that the source has already: nothing is replaced, but refused. */
  public Plan repacking(Resolution resolution, StorageFormat format, TargetRuntime target) {
    return plan(resolution, Optional.of(format), target, true);
  }

  private Plan plan(
      Resolution resolution,
      Optional<StorageFormat> requested,
      TargetRuntime target,
      boolean repacks) {
    List<ModuleScheme> asked =
        resolution.modules().stream().filter(module -> module.kind().isQuantizable()).toList();
    StorageFormat format =
        requested.orElseGet(() -> chosen(asked, target)).of(source.description().family());
    Map<String, Fallback> instead = format.instead(content(asked, Map.of()));
    Fallbacks fallbacks =
        repacks ? Fallbacks.refused(format, instead, asked) : Fallbacks.of(instead, asked);
    List<ModuleScheme> modules = fallbacks.modules();
    List<ModuleScheme> quantized = modules.stream().filter(ModuleScheme::isQuantized).toList();
    CachedAttentions cached =
        resolution.keyValueCache().isUnquantized()
            ? CachedAttentions.none()
            : CachedAttentions.of(source.description(), format, quantized, target);
    Content content = content(modules, cached.modules());
    boolean held = quantized.stream().noneMatch(module -> format.refuses(module).isPresent());
    List<Problem> whole = held ? WholeRules.check(format, content, source, target) : List.of();
    List<Problem> findings = findings(resolution, format, modules, requested.isPresent(), target);
    // Modules that the format cannot store are reported before those that it stores differently.
    findings.addAll(repacks ? 0 : findings.size(), fallbacks.findings());
    findings.addAll(whole);
    findings.addAll(cached.findings());
    return new Plan(
        format,
        target,
        source.sha256(),
        content,
        modules,
        held && whole.stream().noneMatch(Problem::isError) ? tensors(format, content) : List.of(),
        source.bytes(),
        findings);
  }

  private Content content(List<ModuleScheme> modules, Map<Integer, String> cached) {
    return new Content(
        source.description(),
        source.config(),
        source.dtype(),
        plain(Untying.isNeeded(source, modules)),
        modules.stream().filter(ModuleScheme::isQuantized).toList(),
        cached);
  }

  private static List<PlannedTensor> tensors(StorageFormat format, Content content) {
    List<PlannedTensor> tensors = new ArrayList<>(format.tensors(content));
    content.cacheScales().forEach(scale -> tensors.add(PlannedTensor.of(scale)));
    return tensors;
  }

  /** The source's tensors, and the head's own where it can no longer share the embedding's. */
  private List<TensorInfo> plain(boolean unties) {
    String head = unties ? Untying.head(source.description()) : null;
    if (!unties || source.plain().stream().anyMatch(tensor -> tensor.name().equals(head))) {
      return source.plain();
    }
    ModelDescription description = source.description();
    List<TensorInfo> plain = new ArrayList<>(source.plain());
    String embedding = description.embedding().name() + ".weight";
    plain.stream()
        .filter(tensor -> tensor.name().equals(embedding))
        .findFirst()
        .map(tensor -> tensor.renamed(head))
        .ifPresent(plain::add);
    return plain;
  }

  // A model published in MXFP4 keeps its native layout, which most engines read.
  private StorageFormat chosen(List<ModuleScheme> modules, TargetRuntime target) {
    List<ModuleScheme> quantized = modules.stream().filter(ModuleScheme::isQuantized).toList();
    boolean published =
        Mxfp4Storage.holds(source.description(), quantized)
            && (target == TargetRuntime.NONE || StorageFormats.MXFP4.readers().containsKey(target));
    return published ? StorageFormats.MXFP4 : StorageFormats.choose(quantized, target);
  }

  private List<Problem> findings(
      Resolution resolution,
      StorageFormat format,
      List<ModuleScheme> modules,
      boolean requested,
      TargetRuntime target) {
    ServedCheckpoint served = new ServedCheckpoint(source.description().family(), modules);
    List<Problem> findings = new ArrayList<>(resolution.findings());
    findings.addAll(FormatRules.check(format, served, requested, target));
    findings.addAll(EngineRules.check(format, served, target));
    return findings;
  }
}
