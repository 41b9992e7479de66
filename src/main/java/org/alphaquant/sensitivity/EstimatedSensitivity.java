package org.alphaquant.sensitivity;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.allocate.Unit;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.quantize.LinearReport;

/**
 * The second-order estimate from the solver's own errors: the error of a unit's outputs on the
 * calibration tokens, relative to their energy. Errors that were not made relative would give the
 * last layers, whose activations are large, nearly all the bits.
 */
public final class EstimatedSensitivity {

  private EstimatedSensitivity() {}

  /**
   * Costs by the units' names.
   *
   * @param reports of all modules in one format
   */
  public static Map<String, Double> of(List<Unit> units, Collection<LinearReport> reports) {
    Map<String, LinearReport> byModule = new HashMap<>();
    reports.forEach(report -> byModule.put(report.module(), report));
    Map<String, Double> costs = new LinkedHashMap<>();
    units.forEach(unit -> costs.put(unit.name(), relativeError(unit, byModule)));
    return costs;
  }

  private static double relativeError(Unit unit, Map<String, LinearReport> reports) {
    double error = 0;
    double energy = 0;
    for (ModuleDescription module : unit.modules()) {
      LinearReport report = reports.get(module.name());
      error += report.errorAfter() * report.energy();
      energy += report.energy();
    }
    return energy == 0 ? 0 : error / energy;
  }
}
