package org.alphaquant.quantize;

import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.moe.Utilization;

/** The Hessians of a whole model, kept from an earlier pass over the calibration text. */
public interface KeptCalibration {

  /** Opens a layer's file, which the caller closes. */
  SafetensorsFile layer(int index);

  /** How its router spread the tokens; null in a dense layer. */
  Utilization experts(int index);

  /**
   * What the tokens of each of a layer's experts count, beside what they count by themselves: ones
   * where the calibration text is as what the model will be asked.
   */
  double[] evidence(int index);
}
