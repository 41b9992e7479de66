package org.alphaquant.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;

/** What is used of the CUDA driver API; names and arguments are NVIDIA's. */
interface Driver extends Library {

  int MAJOR = 75;
  int MINOR = 76;
  int WITHOUT_TIMING = 2;
  int MOST_SHARED_BYTES = 8;

  /**
   * @throws UnsatisfiedLinkError if no driver is installed
   */
  static Driver load() {
    return Native.load("libcuda.so.1", Driver.class);
  }

  int cuInit(int flags);

  int cuDeviceGetName(byte[] name, int length, int device);

  int cuDeviceGet(IntByReference device, int ordinal);

  int cuDeviceGetAttribute(IntByReference value, int attribute, int device);

  int cuDevicePrimaryCtxRetain(PointerByReference context, int device);

  int cuCtxPushCurrent_v2(Pointer context);

  int cuCtxPopCurrent_v2(PointerByReference context);

  int cuModuleLoadData(PointerByReference module, byte[] image);

  int cuModuleGetFunction(PointerByReference function, Pointer module, String name);

  int cuFuncSetAttribute(Pointer function, int attribute, int value);

  int cuLaunchKernel(
      Pointer function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      Pointer stream,
      Pointer parameters,
      Pointer extra);

  int cuMemcpyHtoD_v2(long to, Pointer from, long bytes);

  int cuMemcpyHtoDAsync_v2(long to, Pointer from, long bytes, Pointer stream);

  int cuMemcpyDtoH_v2(Pointer to, long from, long bytes);

  int cuMemcpyPeerAsync(
      long to, Pointer toContext, long from, Pointer fromContext, long bytes, Pointer stream);

  int cuMemHostAlloc(PointerByReference memory, long bytes, int flags);

  int cuMemHostRegister_v2(Pointer memory, long bytes, int flags);

  int cuCtxSynchronize();

  int cuEventCreate(PointerByReference event, int flags);

  int cuEventRecord(Pointer event, Pointer stream);

  int cuEventSynchronize(Pointer event);

  int cuEventDestroy_v2(Pointer event);

  int cuGetErrorName(int error, PointerByReference name);
}
