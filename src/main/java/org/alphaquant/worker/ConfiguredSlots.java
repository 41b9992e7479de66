package org.alphaquant.worker;

import java.util.List;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.device.CudaCheck;
import org.alphaquant.device.DeviceInventory;

/** The device slots from the configuration, validated against the devices of this machine. */
final class ConfiguredSlots implements DeviceSlots {
  private final List<ComputeDevice> slots;

  ConfiguredSlots(List<String> names, CudaCheck cuda) {
    if (names.equals(List.of("cpu"))) {
      slots = List.of(DeviceInventory.cpu());
    } else if (names.equals(List.of("auto"))) {
      List<ComputeDevice> gpus = DeviceInventory.gpus(cuda);
      slots = gpus.isEmpty() ? List.of(DeviceInventory.cpu()) : gpus;
    } else {
      List<ComputeDevice> gpus = DeviceInventory.gpus(cuda);
      slots = names.stream().map(name -> find(name, gpus)).toList();
    }
  }

  private static ComputeDevice find(String name, List<ComputeDevice> gpus) {
    if (name.equals("cpu")) {
      return DeviceInventory.cpu();
    }
    return gpus.stream()
        .filter(gpu -> gpu.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "alphaquant.worker.devices names %s, but the GPUs that PyTorch can use here are %s"
                        .formatted(name, gpus.stream().map(ComputeDevice::name).toList())));
  }

  @Override
  public List<ComputeDevice> all() {
    return slots;
  }
}
