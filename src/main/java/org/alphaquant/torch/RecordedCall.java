package org.alphaquant.torch;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/**
 * Calls a script with gradients on. DJL's public calls either turn them off (libtorch's inference
 * mode, whose arrays cannot be differentiated later) or take nothing but tensors and no empty list;
 * the native method behind both has a switch for it, which is reached by reflection.
 */
final class RecordedCall {

  private static final Object LIBRARY;
  private static final Method RUN_METHOD;
  private static final Constructor<IValue> VALUE;

  static {
    try {
      Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
      var instance = library.getDeclaredField("LIB");
      instance.setAccessible(true);
      LIBRARY = instance.get(null);
      RUN_METHOD =
          library.getDeclaredMethod(
              "moduleRunMethod",
              long.class,
              String.class,
              long[].class,
              boolean.class,
              boolean.class);
      RUN_METHOD.setAccessible(true);
      VALUE = IValue.class.getDeclaredConstructor(long.class);
      VALUE.setAccessible(true);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private RecordedCall() {}

  static IValue run(PtSymbolBlock kernels, String method, IValue... arguments) {
    long[] handles = Arrays.stream(arguments).mapToLong(IValue::getHandle).toArray();
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(true);
    try {
      long kernel = kernels.getHandle();
      return VALUE.newInstance(RUN_METHOD.invoke(LIBRARY, kernel, method, handles, true, false));
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("DJL's native call cannot be reached", e);
    } finally {
      JniUtils.setGradMode(before);
    }
  }
}
