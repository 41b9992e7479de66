package org.alphaquant.run;

import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.moe.ExpertUsage;
import org.alphaquant.moe.Utilization;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.quantize.Importance;
import org.alphaquant.storage.gguf.ImportanceMatrix;
import org.alphaquant.storage.gguf.ImportanceMatrix.Sums;

/** Writes the importance matrix of the finished layers for llama.cpp's quantizer. */
record CalibrationSums(RunInputs inputs, List<SafetensorsFile> layers, List<Utilization> experts) {

  /** Writes {@code imatrix.gguf}; nothing for a family that llama.cpp does not have. */
  void write(Path folder) {
    Map<String, ModuleDescription> modules = new HashMap<>();
    inputs.job().description().linears().forEach(module -> modules.put(module.name(), module));
    ImportanceMatrix.write(
        folder,
        inputs.job().plan().content(),
        module -> Optional.ofNullable(modules.get(module)).flatMap(this::sums),
        "calibration " + inputs.samples().sha256(),
        inputs.samples().samples(),
        inputs.samples().sequenceLength());
  }

  private Optional<Sums> sums(ModuleDescription module) {
    String name = Importance.name(module.name());
    return layers.stream()
        .filter(layer -> layer.has(name))
        .findFirst()
        .map(layer -> new Sums(floats(layer, name), count(module)));
  }

  private static float[] floats(SafetensorsFile layer, String name) {
    float[] values = new float[Math.toIntExact(layer.info(name).elements())];
    layer.bytes(name).get(0).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  // Every token counts once, but for experts as the Hessian counts it.
  private double count(ModuleDescription module) {
    double tokens = (double) inputs.samples().samples() * inputs.samples().sequenceLength();
    return experts.stream()
        .filter(layer -> module.expert() >= 0 && layer.layer() == module.layer())
        .findFirst()
        .map(layer -> routed(layer, module.expert()))
        .orElse(tokens);
  }

  // The expert's own weights, and those of the average tokens that its Hessian leans on.
  private static double routed(Utilization layer, int expert) {
    ExpertUsage usage = layer.experts().get(expert);
    double share = usage.layerShare() == null ? 0 : usage.layerShare();
    return share >= 1 ? layer.meanWeight() : usage.weightSum() / (1 - share);
  }
}
