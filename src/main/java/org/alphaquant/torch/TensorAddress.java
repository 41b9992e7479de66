package org.alphaquant.torch;

import ai.djl.pytorch.engine.PtNDArray;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;

/**
 * The address of an array's memory. The engine hands it out only as a direct buffer, whichever
 * device it lies on, through a method that is not public.
 */
final class TensorAddress {

  /** Bytes of an array that the engine makes a buffer of. */
  static final long MOST = Integer.MAX_VALUE;

  private static final Object LIBRARY;
  private static final Method BUFFER;

  static {
    try {
      Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
      Field instance = library.getDeclaredField("LIB");
      instance.setAccessible(true);
      LIBRARY = instance.get(null);
      BUFFER = library.getDeclaredMethod("torchDirectByteBuffer", long.class);
      BUFFER.setAccessible(true);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private TensorAddress() {}

  /**
   * @param array contiguous and below 2 GiB
   */
  static long of(PtNDArray array) {
    try {
      ByteBuffer memory = (ByteBuffer) BUFFER.invoke(LIBRARY, array.getHandle());
      return Pointer.nativeValue(Native.getDirectBufferPointer(memory));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the engine gives no address of an array", e);
    }
  }
}
