package org.alphaquant.worker;

import java.util.List;
import org.alphaquant.device.ComputeDevice;

/** The devices that this worker runs jobs on, one job (or part of one) on each at a time. */
public interface DeviceSlots {
  List<ComputeDevice> all();
}
