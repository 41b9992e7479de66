package org.alphaquant.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Page-locked memory of the host, which a device reads and writes by itself. Locking pages takes
 * longer than copying into them, so that what was given back waits for who comes next, and it holds
 * up all other calls of the driver: where the system has huge pages, these are locked, of which
 * there are 512 times less.
 */
final class LockedMemory {

  private static final int HUGE = 2 << 20;
  private static final int SLAB = 64 << 20;
  private static final int WITH_HUGE_PAGES = 14;

  /** What is used of the C library; names and arguments are those of its manual. */
  interface Memory extends Library {

    Pointer aligned_alloc(long alignment, long size);

    int madvise(Pointer address, long length, int advice);

    void free(Pointer address);
  }

  private final CudaDevice device;
  private final Driver driver;
  private final List<Part> all = new ArrayList<>();
  private final List<Part> free = new ArrayList<>();
  private long own;

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

  /**
   * The smallest free part of at least so many bytes, but none that is far too large; or a new one.
   */
  Part take(int bytes) {
    synchronized (this) {
      Optional<Part> fitting =
          free.stream()
              .filter(part -> part.bytes >= bytes && part.bytes / 2 <= bytes)
              .min(Comparator.comparingInt(Part::bytes));
      if (fitting.isPresent()) {
        free.remove(fitting.get());
        return fitting.get();
      }
    }
    return divided(bytes);
  }

  /** Locks parts of a size for who comes later, until so many are free. */
  void reserve(int count, int bytes) {
    List<Part> taken = IntStream.range(0, count).mapToObj(i -> take(bytes)).toList();
    taken.forEach(this::giveBack);
  }

  synchronized void giveBack(Part part) {
    free.add(part);
  }

  /** Takes back all of it, also what was never given back. */
  synchronized void reclaim() {
    free.clear();
    free.addAll(all);
  }

  /** Bytes of it that the system counts as this process's own. */
  synchronized long own() {
    return own;
  }

  // Small parts come many at once.
  private Part divided(int bytes) {
    int count = Math.max(1, SLAB / bytes);
    Pointer address = locked((long) count * bytes);
    synchronized (this) {
      for (int i = 0; i < count; i++) {
        all.add(new Part(address.share((long) i * bytes), bytes));
      }
      List<Part> parts = all.subList(all.size() - count, all.size());
      free.addAll(parts.subList(1, count));
      return parts.get(0);
    }
  }

  private Pointer locked(long bytes) {
    return ofHugePages((bytes + HUGE - 1) / HUGE * HUGE).orElseGet(() -> ofTheDriver(bytes));
  }

  // Touched before they are locked, which then takes no time from others.
  private Optional<Pointer> ofHugePages(long bytes) {
    try {
      Memory memory = Native.load("c", Memory.class);
      Pointer address = memory.aligned_alloc(HUGE, bytes);
      if (address == null) {
        return Optional.empty();
      }
      memory.madvise(address, bytes, WITH_HUGE_PAGES);
      for (long at = 0; at < bytes; at += HUGE) {
        address.setByte(at, (byte) 0);
      }
      int result = device.inContext(() -> driver.cuMemHostRegister_v2(address, bytes, 0));
      if (result != 0) {
        memory.free(address);
        return Optional.empty();
      }
      synchronized (this) {
        own += bytes;
      }
      return Optional.of(address);
    } catch (UnsatisfiedLinkError otherLibrary) {
      return Optional.empty();
    }
  }

  private Pointer ofTheDriver(long bytes) {
    PointerByReference memory = new PointerByReference();
    device.inContext(
        () -> {
          CudaDevice.check(driver, driver.cuMemHostAlloc(memory, bytes, 0), "cuMemHostAlloc");
          return null;
        });
    return memory.getValue();
  }
}
