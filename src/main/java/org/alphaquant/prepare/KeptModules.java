package org.alphaquant.prepare;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.LadderStep;
import org.alphaquant.scheme.ModuleScheme;

/**
 * The modules that a calibration keeps Hessians for: whatever its configuration, or a size of its
 * ladder, quantizes.
 *
 * @param job the calibration's
 */
public record KeptModules(PreparedJob job) {

  private static final int STATISTICS_BYTES = 5 * Double.BYTES;

  /** By name, each with the scheme of the first size that quantizes it. */
  public Map<String, TensorScheme> schemes() {
    Map<String, TensorScheme> all = new TreeMap<>();
    modules().forEach(module -> all.putIfAbsent(module.name(), module.scheme()));
    return all;
  }

  private List<ModuleScheme> modules() {
    JobSpec spec = job.spec();
    if (spec.ladder() == null) {
      return job.plan().content().quantized();
    }
    List<ModuleScheme> all = new ArrayList<>();
    for (LadderStep step : spec.ladder()) {
      PreparedJob own = job.configured(step.configuration(spec.config()));
      all.addAll(own.plan().content().quantized());
    }
    return all;
  }

  /**
   * Bytes of the Hessians on disk: for each input that several modules may share a triangle of K (K
   * + 1) / 2 numbers.
   */
  public long bytes() {
    int each = job.spec().calibration().hessians().bytes();
    long bytes = 0;
    HashSet<String> inputs = new HashSet<>();
    for (ModuleScheme module : modules()) {
      if (inputs.add(input(module.module()))) {
        long width = module.module().inFeatures();
        bytes += width * (width + 1) / 2 * each + STATISTICS_BYTES;
      }
    }
    return bytes;
  }

  // Projections of one parent with one width and of one kind mostly read the same.
  private static String input(ModuleDescription module) {
    String name = module.name();
    String parent = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    String own = name.substring(name.lastIndexOf('.') + 1);
    boolean output = own.startsWith("o_") || own.startsWith("out_") || own.startsWith("down");
    return parent + (output ? "/out " : "/in ") + module.inFeatures();
  }
}
