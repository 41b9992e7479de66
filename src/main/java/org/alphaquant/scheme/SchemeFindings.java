package org.alphaquant.scheme;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;

/** Findings about the schemes of modules; modules with the same finding share one entry. */
final class SchemeFindings {
  private final Map<Object, Counted> counted = new LinkedHashMap<>();

  /** A finding, its first module, and the number of others with the same one. */
  private record Counted(Problem finding, int others) {
    Problem complete() {
      String more = others == 0 ? "" : " (and %d more modules)".formatted(others);
      return new Problem(
          finding.severity(),
          finding.code(),
          finding.pointer(),
          finding.value(),
          finding.detail() + more,
          finding.allowed());
    }
  }

  Collection<Problem> all() {
    return counted.values().stream().map(Counted::complete).toList();
  }

  boolean checkKind(ModuleDescription module, Effective effective) {
    ModuleKind kind = module.kind();
    String pointer = effective.formatPointer();
    String format = effective.format().jsonName();
    if (!kind.isQuantizable()) {
      String detail =
          "%s is the model's %s, and no checkpoint format stores that quantized; only bf16 is"
              .formatted(module.name(), kind.label());
      add(List.of(pointer, kind), Problem.error("not-a-matrix", pointer, format, detail));
    } else if (kind.isProtected()) {
      String detail =
          "%s is the model's %s: small, sensitive, and engines expect it unquantized"
              .formatted(module.name(), kind.label());
      add(List.of(pointer, kind), Problem.warning("protected-module", pointer, format, detail));
    }
    return kind.isQuantizable();
  }

  boolean checkBlocks(Effective effective) {
    NumberFormat format = effective.format();
    int groupSize = effective.requestedGroupSize();
    if (format.blockSize() == 0 || groupSize == format.blockSize()) {
      return true;
    }
    String pointer = effective.groupSizePointer();
    List<Object> key = List.of(pointer, format);
    String value = String.valueOf(groupSize);
    boolean accepted = format.acceptsGroupSize(groupSize);
    Problem finding =
        accepted
            ? Problem.note("block-inside-group", pointer, value, Blocks.inside(format, groupSize))
            : Problem.error("group-size", pointer, value, Blocks.mismatch(format, groupSize))
                .allowing(Blocks.multiples(format));
    counted.putIfAbsent(key, new Counted(finding, 0));
    return accepted;
  }

  boolean checkDivides(ModuleDescription module, Effective effective) {
    TensorScheme scheme = effective.scheme();
    long inFeatures = module.inFeatures();
    // Formats of two levels have replacements for rows that are no whole blocks.
    if (scheme.divides(inFeatures) || scheme.format().levels().isPresent()) {
      return true;
    }
    boolean block = effective.format().blockSize() > 0;
    String pointer = block ? effective.formatPointer() : effective.groupSizePointer();
    String what = block ? effective.format().jsonName() + "'s block" : "group_size";
    String detail =
        "%s %d does not divide the %d input features of %s"
            .formatted(what, scheme.groupSize(), inFeatures, module.name());
    String value = block ? effective.format().jsonName() : String.valueOf(scheme.groupSize());
    Problem finding = Problem.error("group-size", pointer, value, detail);
    add(
        List.of(pointer, scheme.groupSize(), inFeatures),
        block ? finding : finding.allowing(dividing(inFeatures)));
    return false;
  }

  /** Says which group size is taken where the usual one does not divide the rows. */
  void noteFitted(ModuleDescription module, Effective usual, Effective fitted) {
    int size = fitted.scheme().groupSize();
    String taken =
        size == TensorScheme.PER_CHANNEL ? "one scale for each row" : "groups of " + size;
    String detail =
        "group_size is not set and its default %d does not divide the rows of %s, so that it gets %s"
            .formatted(usual.requestedGroupSize(), module.name(), taken);
    String pointer = usual.groupSizePointer();
    add(
        List.of("fitted", pointer, size),
        Problem.note("group-size-fitted", pointer, String.valueOf(size), detail));
  }

  private static List<String> dividing(long inFeatures) {
    return IntStream.of(-1, 16, 32, 64, 128, 256, 512)
        .filter(size -> inFeatures % size == 0)
        .mapToObj(String::valueOf)
        .toList();
  }

  private void add(List<Object> key, Problem finding) {
    counted.merge(
        key,
        new Counted(finding, 0),
        (first, next) -> new Counted(first.finding(), first.others() + 1));
  }
}
