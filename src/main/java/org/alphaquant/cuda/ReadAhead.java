package org.alphaquant.cuda;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Mapped bytes on their way to a device: threads copy them, piece by piece in the order given, into
 * blocks of page-locked memory, from where the device fetches them while the host goes on. Blocks
 * are few; each serves the next piece once it was fetched. Bytes that were not announced, or that
 * no thread has begun with, are copied as they are.
 */
final class ReadAhead {

  private static final int BLOCK = 4 << 20;
  private static final int BLOCKS = 256;
  private static final int LEAST = 1 << 18;
  private static final int THREADS = 6;
  private static final int WAIT_MILLIS = 100;
  private static final int CLEAR_SECONDS = 10;

  private final CudaDevice device;
  private final Driver driver;
  private final LockedMemory locked;
  private final ExecutorService threads = threads();
  private final NavigableMap<Long, Piece> pieces = new ConcurrentSkipListMap<>();
  private final BlockingQueue<Block> free = new LinkedBlockingQueue<>();
  private final AtomicInteger made = new AtomicInteger();
  private int generation;

  ReadAhead(CudaDevice device, Driver driver, LockedMemory locked) {
    this.device = device;
    this.driver = driver;
    this.locked = locked;
  }

  private static ExecutorService threads() {
    int count = Math.max(1, Math.min(THREADS, Runtime.getRuntime().availableProcessors() / 2));
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            count,
            count,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "read ahead");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** A block and the event after which it may be filled again. */
  private record Block(LockedMemory.Part memory, Pointer fetched) {}

  /** A part of the mapped bytes; whoever begins with it first brings it to the device. */
  private static final class Piece {
    private final ByteBuffer mapped;
    private volatile int generation;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CompletableFuture<Block> filled = new CompletableFuture<>();
    private int copied;

    Piece(ByteBuffer mapped, int generation) {
      this.mapped = mapped;
      this.generation = generation;
    }
  }

  /** Begins to read; gives up what was announced before the last call. */
  synchronized void begin(List<ByteBuffer> mapped) {
    generation++;
    for (ByteBuffer slice : mapped) {
      if (slice.isDirect() && slice.remaining() >= LEAST) {
        long address = Pointer.nativeValue(Native.getDirectBufferPointer(slice.slice()));
        for (int at = 0; at < slice.remaining(); at += BLOCK) {
          int size = Math.min(BLOCK, slice.remaining() - at);
          announce(address + at, slice.slice(slice.position() + at, size));
        }
      }
    }
    dropBefore(generation - 1);
  }

  private void announce(long address, ByteBuffer mapped) {
    Piece piece = new Piece(mapped, generation);
    Piece before = pieces.putIfAbsent(address, piece);
    if (before == null) {
      threads.execute(() -> fill(piece));
    } else {
      before.generation = generation;
    }
  }

  /**
   * Copies bytes to the device, behind all queued work.
   *
   * @return how many, at least one of {@code most}
   */
  int copy(long from, int most, long to) {
    Map.Entry<Long, Piece> entry = pieces.floorEntry(from);
    long end = entry == null ? from : entry.getKey() + entry.getValue().mapped.remaining();
    if (end <= from) {
      Long next = pieces.higherKey(from);
      int plain = next == null ? most : (int) Math.min(most, next - from);
      return plain(from, plain, to);
    }
    int bytes = (int) Math.min(most, end - from);
    Piece piece = entry.getValue();
    Block block = piece.begun.compareAndSet(false, true) ? null : filled(piece);
    if (block == null) {
      pieces.remove(entry.getKey(), piece);
      return plain(from, bytes, to);
    }
    fetch(block, from - entry.getKey(), bytes, to);
    piece.copied += bytes;
    if (piece.copied >= piece.mapped.remaining()) {
      drop(entry.getKey(), piece);
    }
    return bytes;
  }

  // A copy from memory that is not locked holds up the device for as long as the host copies.
  private int plain(long from, int most, long to) {
    Block block = most < LEAST ? null : freeBlock();
    if (block == null) {
      device.copy(from, most, to);
      return most;
    }
    int bytes = Math.min(BLOCK, most);
    block.memory.buffer().put(new Pointer(from).getByteBuffer(0, bytes));
    fetch(block, 0, bytes, to);
    free.add(block);
    return bytes;
  }

  // Null where it could not be read ahead.
  private static Block filled(Piece piece) {
    try {
      return piece.filled.join();
    } catch (CompletionException | CancellationException notRead) {
      return null;
    }
  }

  private void fetch(Block block, long offset, int bytes, long to) {
    device.inContext(
        () -> {
          Pointer from = block.memory.address().share(offset);
          int result = driver.cuMemcpyHtoDAsync_v2(to, from, bytes, null);
          CudaDevice.check(driver, result, "cuMemcpyHtoDAsync");
          CudaDevice.check(driver, driver.cuEventRecord(block.fetched, null), "cuEventRecord");
          return null;
        });
  }

  private void fill(Piece piece) {
    Block block = null;
    try {
      block = blockFor(piece);
      if (block != null && piece.begun.compareAndSet(false, true)) {
        block.memory.buffer().put(piece.mapped.duplicate());
        piece.filled.complete(block);
        block = null;
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      piece.filled.cancel(false);
    } catch (RuntimeException | InternalError unreadable) {
      // The copy by itself says what is wrong.
      piece.filled.completeExceptionally(unreadable);
    } finally {
      if (block != null) {
        free.add(block);
      }
    }
  }

  // The next block that may be filled; null where the piece needs none any more.
  private Block blockFor(Piece piece) throws InterruptedException {
    Block block = null;
    while (block == null && !piece.begun.get()) {
      block = freeBlock();
      if (block == null) {
        Block waited = free.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
        block = waited == null ? null : fetched(waited);
      }
    }
    return block;
  }

  // A free one or a new one, or null where all are in use.
  private Block freeBlock() {
    Block block = free.poll();
    if (block != null) {
      return fetched(block);
    }
    boolean more = made.getAndUpdate(count -> Math.min(BLOCKS, count + 1)) < BLOCKS;
    return more ? made() : null;
  }

  private Block fetched(Block block) {
    device.inContext(
        () -> {
          int result = driver.cuEventSynchronize(block.fetched);
          CudaDevice.check(driver, result, "cuEventSynchronize");
          return null;
        });
    return block;
  }

  private Block made() {
    LockedMemory.Part memory = locked.take(BLOCK);
    PointerByReference event = new PointerByReference();
    device.inContext(
        () -> {
          CudaDevice.check(
              driver, driver.cuEventCreate(event, Driver.WITHOUT_TIMING), "cuEventCreate");
          return null;
        });
    return new Block(memory, event.getValue());
  }

  private void dropBefore(int first) {
    List<Map.Entry<Long, Piece>> all = new ArrayList<>(pieces.entrySet());
    all.stream()
        .filter(entry -> entry.getValue().generation < first)
        .forEach(entry -> drop(entry.getKey(), entry.getValue()));
  }

  private void drop(long address, Piece piece) {
    if (pieces.remove(address, piece) && !piece.begun.compareAndSet(false, true)) {
      piece.filled.thenAccept(free::add);
    }
  }

  /** Gives up all that was announced, and its blocks once no thread fills them any more. */
  synchronized void clear() {
    dropBefore(Integer.MAX_VALUE);
    try {
      Block block = null;
      while (made.get() > 0 && (block = free.poll(CLEAR_SECONDS, TimeUnit.SECONDS)) != null) {
        made.decrementAndGet();
        fetched(block);
        destroy(block);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void destroy(Block block) {
    device.inContext(
        () -> {
          CudaDevice.check(driver, driver.cuEventDestroy_v2(block.fetched), "cuEventDestroy");
          return null;
        });
    locked.giveBack(block.memory);
  }
}
