package org.alphaquant.quantize;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * The solver's report of one linear; its format is in the plan.
 *
 * @param module its name in the checkpoint
 * @param errorBefore error of plain rounding on the same scales, relative to the output's energy on
 *     the calibration tokens
 * @param errorAfter the same, reached by the solver
 * @param energy squared norm of its output on the calibration tokens as the Hessian counts them,
 *     which the errors are relative to
 * @param damp damping that made its Hessian invertible; null where none did
 * @param fallback what was done instead of GPTQ, null where GPTQ was done: {@code layer-hessian}
 *     (no token of its own), {@code rounding} (Hessian not invertible)
 * @param checksum of the dequantized weight as the solver left it, which the written checkpoint
 *     must give back
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LinearReport(
    String module,
    double errorBefore,
    double errorAfter,
    double energy,
    Double damp,
    String fallback,
    long checksum) {

  /** The same of a weight that was changed since; the errors are those of the solver. */
  public LinearReport withChecksum(long changed) {
    return new LinearReport(module, errorBefore, errorAfter, energy, damp, fallback, changed);
  }
}
