package org.alphaquant.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Page-locked memory of the host, which a device reads and writes by itself. Locking pages takes
 * longer than copying into them, so that what was given back waits for who comes next.
 */
final class LockedMemory {

  private final CudaDevice device;
  private final Driver driver;
  private final List<Part> all = new ArrayList<>();
  private final List<Part> free = new ArrayList<>();

  LockedMemory(CudaDevice device, Driver driver) {
    this.device = device;
    this.driver = driver;
  }

  /** A part of it. */
  record Part(Pointer address, int bytes) {

    ByteBuffer buffer() {
      return address.getByteBuffer(0, bytes);
    }
  }

  /** The smallest free part of at least so many bytes, or a new one of just that size. */
  Part take(int bytes) {
    synchronized (this) {
      Optional<Part> fitting =
          free.stream()
              .filter(part -> part.bytes >= bytes)
              .min(Comparator.comparingInt(Part::bytes));
      if (fitting.isPresent()) {
        free.remove(fitting.get());
        return fitting.get();
      }
    }
    return locked(bytes);
  }

  /** Locks so many parts of a size for who comes later. */
  void reserve(int count, int bytes) {
    for (int i = 0; i < count; i++) {
      giveBack(locked(bytes));
    }
  }

  synchronized void giveBack(Part part) {
    free.add(part);
  }

  /** Takes back all of it, also what was never given back. */
  synchronized void reclaim() {
    free.clear();
    free.addAll(all);
  }

  private Part locked(int bytes) {
    PointerByReference memory = new PointerByReference();
    device.inContext(
        () -> {
          CudaDevice.check(driver, driver.cuMemHostAlloc(memory, bytes, 0), "cuMemHostAlloc");
          return null;
        });
    Part part = new Part(memory.getValue(), bytes);
    synchronized (this) {
      all.add(part);
    }
    return part;
  }
}
