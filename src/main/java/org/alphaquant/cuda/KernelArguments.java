package org.alphaquant.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The arguments of a kernel, in the order of its parameters. */
public final class KernelArguments {

  // No kernel takes more; the driver's own limit is 4 KiB.
  private static final int MOST = 512;

  // A launch copies what it is given.
  private static final ThreadLocal<Memory> MEMORY =
      ThreadLocal.withInitial(() -> new Memory(MOST * (1L + Long.BYTES)));

  private final ByteBuffer values = ByteBuffer.allocate(MOST).order(ByteOrder.nativeOrder());
  private final List<Integer> offsets = new ArrayList<>();

  /** An address in the device's memory, 0 for none, or another 64-bit integer. */
  public KernelArguments add(long value) {
    start(Long.BYTES).putLong(value);
    return this;
  }

  /** An address that a kernel takes or does not; 0 where it does not. */
  public KernelArguments addUnlessNone(long address) {
    return address == 0 ? this : add(address);
  }

  public KernelArguments add(float value) {
    start(Float.BYTES).putFloat(value);
    return this;
  }

  public KernelArguments add(int value) {
    start(Integer.BYTES).putInt(value);
    return this;
  }

  /** A structure of 4-byte fields. */
  public KernelArguments add(ByteBuffer structure) {
    start(Integer.BYTES).put(structure.duplicate());
    return this;
  }

  private ByteBuffer start(int alignment) {
    int at = (values.position() + alignment - 1) / alignment * alignment;
    offsets.add(at);
    return values.position(at);
  }

  /** The addresses of all arguments, until this thread asks for those of others. */
  Memory addresses() {
    Memory memory = MEMORY.get();
    int table = offsets.size() * Long.BYTES;
    long begin = Pointer.nativeValue(memory) + table;
    long[] addresses = offsets.stream().mapToLong(offset -> begin + offset).toArray();
    memory.write(0, addresses, 0, addresses.length);
    memory.write(table, values.array(), 0, values.position());
    return memory;
  }
}
