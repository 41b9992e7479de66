package org.alphaquant.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/** Compiles CUDA C for one architecture by NVRTC, which comes with a libtorch for CUDA. */
final class Compiler {

  /** What is used of NVRTC; names and arguments are NVIDIA's. */
  interface Nvrtc extends Library {

    int nvrtcCreateProgram(
        PointerByReference program,
        String source,
        String name,
        int headers,
        Pointer sources,
        Pointer names);

    int nvrtcCompileProgram(Pointer program, int count, String[] options);

    int nvrtcGetProgramLogSize(Pointer program, LongByReference size);

    int nvrtcGetProgramLog(Pointer program, byte[] log);

    int nvrtcGetCUBINSize(Pointer program, LongByReference size);

    int nvrtcGetCUBIN(Pointer program, byte[] image);

    int nvrtcDestroyProgram(PointerByReference program);
  }

  private final Nvrtc nvrtc;

  private Compiler(Nvrtc nvrtc) {
    this.nvrtc = nvrtc;
  }

  /**
   * @throws UnsatisfiedLinkError if there is none
   */
  static Compiler load() {
    return new Compiler(SharedLibrary.load("nvrtc", Nvrtc.class));
  }

  /** Machine code of a source. */
  byte[] compile(String name, String source, String[] options) {
    PointerByReference program = new PointerByReference();
    check(nvrtc.nvrtcCreateProgram(program, source, name, 0, null, null), "nvrtcCreateProgram");
    try {
      int result = nvrtc.nvrtcCompileProgram(program.getValue(), options.length, options);
      if (result != 0) {
        throw new CudaException("%s does not compile: %s".formatted(name, log(program.getValue())));
      }
      LongByReference size = new LongByReference();
      check(nvrtc.nvrtcGetCUBINSize(program.getValue(), size), "nvrtcGetCUBINSize");
      byte[] image = new byte[Math.toIntExact(size.getValue())];
      check(nvrtc.nvrtcGetCUBIN(program.getValue(), image), "nvrtcGetCUBIN");
      return image;
    } finally {
      nvrtc.nvrtcDestroyProgram(program);
    }
  }

  private String log(Pointer program) {
    LongByReference size = new LongByReference();
    check(nvrtc.nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
    byte[] log = new byte[Math.toIntExact(size.getValue())];
    check(nvrtc.nvrtcGetProgramLog(program, log), "nvrtcGetProgramLog");
    return Native.toString(log);
  }

  private static void check(int result, String call) {
    if (result != 0) {
      throw new CudaException("%s gave the error %d".formatted(call, result));
    }
  }
}
