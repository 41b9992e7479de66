package org.alphaquant.llamacpp;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.util.List;
import java.util.Map;

/**
 * The part of llama.cpp's C API (version 0.5.0) that tests need. Its two parameter structures are
 * passed by value as opaque bytes larger than the real ones, which x86-64 and aarch64 allow.
 */
final class LlamaLibrary {

  static final int LOG_WARN = 3;
  static final int LOG_ERROR = 4;

  private static final int GLOBAL_SYMBOLS = 0x102;

  final NativeLibrary baseLibrary;
  final Base base;
  final Api api;

  /** Loads the libraries of a folder; the backend picks the variant for this machine's CPU. */
  LlamaLibrary(String folder) {
    Map<String, Object> options = Map.of(Library.OPTION_OPEN_FLAGS, GLOBAL_SYMBOLS);
    baseLibrary = NativeLibrary.getInstance(folder + "/libggml-base.so", options);
    base = Native.load(folder + "/libggml-base.so", Base.class, options);
    Backends backends = Native.load(folder + "/libggml.v0.5.0.so", Backends.class, options);
    api = Native.load(folder + "/libllama.v0.5.0.so", Api.class, options);
    backends.ggml_backend_load_all_from_path(folder);
  }

  /** Blocks of quantized numbers. */
  interface Base extends Library {
    long ggml_quantize_chunk(
        int type, float[] from, byte[] to, long start, long rows, long row, float[] importance);
  }

  /** Kernels for the machine. */
  interface Backends extends Library {
    void ggml_backend_load_all_from_path(String folder);
  }

  /** Receives what the library logs. */
  interface Log extends Callback {
    void call(int level, String text, Pointer user);
  }

  /** Models and contexts. */
  interface Api extends Library {
    void llama_log_set(Log log, Pointer user);

    Parameters llama_model_default_params();

    Parameters llama_context_default_params();

    Pointer llama_model_load_from_file(String path, Parameters parameters);

    Pointer llama_init_from_model(Pointer model, Parameters parameters);

    void llama_set_n_threads(Pointer context, int generation, int batch);

    Pointer llama_model_get_vocab(Pointer model);

    int llama_vocab_n_tokens(Pointer vocabulary);

    int llama_tokenize(
        Pointer vocabulary,
        byte[] text,
        int length,
        int[] tokens,
        int most,
        boolean addSpecial,
        boolean parseSpecial);

    Pointer llama_model_chat_template(Pointer model, String name);

    Batch llama_batch_init(int tokens, int embedding, int sequences);

    int llama_decode(Pointer context, Batch batch);

    Pointer llama_get_logits(Pointer context);

    Pointer llama_get_memory(Pointer context);

    void llama_memory_clear(Pointer memory, boolean data);

    void llama_free(Pointer context);

    void llama_model_free(Pointer model);
  }

  /** {@code llama_model_params} or {@code llama_context_params}. */
  public static final class Parameters extends Structure implements Structure.ByValue {
    public byte[] bytes = new byte[1024];

    @Override
    protected List<String> getFieldOrder() {
      return List.of("bytes");
    }
  }

  /** {@code llama_batch}. */
  public static final class Batch extends Structure implements Structure.ByValue {
    public int count;
    public Pointer token;
    public Pointer embedding;
    public Pointer position;
    public Pointer sequences;
    public Pointer sequence;
    public Pointer logits;

    @Override
    protected List<String> getFieldOrder() {
      return List.of("count", "token", "embedding", "position", "sequences", "sequence", "logits");
    }
  }
}
