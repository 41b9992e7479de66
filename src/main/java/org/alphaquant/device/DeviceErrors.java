package org.alphaquant.device;

import java.util.List;
import java.util.Locale;

/** Recognizes CUDA errors that come from failing hardware rather than from a program. */
public final class DeviceErrors {

  // Texts of cudaGetErrorString for ECC, lost devices, hardware stacks, contained memory errors and
  // NVLink (CUDA Runtime API, "CUDA error types"); the driver logs an Xid for each.
  private static final List<String> TEXTS =
      List.of(
          "uncorrectable ecc error",
          "uncorrectable nvlink error",
          "hardware stack error",
          "the device is lost",
          "gpu is lost",
          "fallen off the bus",
          "no longer accessible",
          "encountered during contained",
          "external device error",
          "system not yet initialized",
          "xid");

  private DeviceErrors() {}

  /** Whether a message of CUDA or the driver reports a failing GPU. */
  public static boolean isDeviceError(String message) {
    String lower = message.toLowerCase(Locale.ROOT);
    return (lower.contains("cuda") || lower.contains("nvrm"))
        && TEXTS.stream().anyMatch(lower::contains);
  }
}
