package org.alphaquant.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceErrorsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: uncorrectable ECC error encountered",
        "CUDA error: uncorrectable NVLink error detected during the execution",
        "CUDA error: hardware stack error",
        "CUDA driver error: GPU is lost",
        "NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.",
        "NVRM: Xid (PCI:0000:3b:00): 48, pid=1, DBE (double bit error)",
      })
  void aFailingCardIsRecognised(String message) {
    assertThat(DeviceErrors.isDeviceError(message)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: an illegal memory access was encountered",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "CUDA error: device-side assert triggered",
        "the ECC error of a file",
      })
  void aFaultOfAProgramIsNone(String message) {
    assertThat(DeviceErrors.isDeviceError(message)).isFalse();
  }
}
