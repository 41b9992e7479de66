package org.alphaquant.worker;

import java.util.List;
import org.alphaquant.device.ComputeDevice;

/** The devices of this worker. Each runs one job, or a part of one, at a time. */
public interface DeviceSlots {
  List<ComputeDevice> all();
}
