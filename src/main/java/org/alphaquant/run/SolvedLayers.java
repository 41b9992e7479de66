package org.alphaquant.run;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.alphaquant.distill.DistilledFiles;
import org.alphaquant.moe.Utilization;
import org.alphaquant.quantize.LinearReport;

/** The records of all layers of a run, once each is finished. */
record SolvedLayers(LayerFiles files, int count) {

  /** The reports of all layers, with the checksums of weights that were trained afterwards. */
  List<LinearReport> linears(DistilledFiles trained) {
    return linears(records(), trained);
  }

  /** The same of records that were read. */
  static List<LinearReport> linears(List<LayerRecord> records, DistilledFiles trained) {
    return records.stream()
        .flatMap(record -> record.linears().stream())
        .map(
            linear ->
                linear.withChecksum(
                    trained.checksums().getOrDefault(linear.module(), linear.checksum())))
        .toList();
  }

  /** Routing of the sparse layers. */
  List<Utilization> experts() {
    return experts(records());
  }

  /** The same of records that were read. */
  static List<Utilization> experts(List<LayerRecord> records) {
    return records.stream().map(LayerRecord::experts).filter(Objects::nonNull).toList();
  }

  /** One record per layer. */
  List<LayerRecord> records() {
    return IntStream.range(0, count).parallel().mapToObj(files::read).toList();
  }
}
