package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.alphaquant.checkpoint.CheckpointException.Kind;

/**
 * One safetensors file, memory-mapped and fully checked on opening. Data is read only when
 * requested. Safe for use by several threads.
 */
public final class SafetensorsFile implements AutoCloseable {

  /** No slice is larger than this: 1 GiB, a multiple of every element size. */
  public static final long MAX_SLICE_BYTES = 1L << 30;

  // A multiple of every element size.
  private static final int PIECE_BYTES = 1 << 20;

  private static final ThreadLocal<ByteBuffer> PIECE =
      ThreadLocal.withInitial(
          () -> ByteBuffer.allocateDirect(PIECE_BYTES).order(ByteOrder.LITTLE_ENDIAN));

  private final Path path;
  private final FileChannel channel;
  private final long dataOffset;
  private final Map<String, String> metadata;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final Map<Long, ByteBuffer> windows = new ConcurrentHashMap<>();

  private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header) {
    this.path = path;
    this.channel = channel;
    this.dataOffset = header.dataOffset();
    this.metadata = Collections.unmodifiableMap(header.metadata());
    header.tensors().forEach(tensor -> tensors.put(tensor.info().name(), tensor));
  }

  /**
   * Opens and checks a file.
   *
   * @throws CheckpointException if it cannot be read or breaks a rule of the format
   */
  public static SafetensorsFile open(Path path) {
    return open(path, Links.OWN);
  }

  /**
   * The same for an untrusted file.
   *
   * @param links which links may be followed
   */
  public static SafetensorsFile open(Path path, Links links) {
    FileChannel channel = null;
    try {
      channel = links.open(path);
      SafetensorsFile file =
          new SafetensorsFile(path, channel, SafetensorsHeader.read(path, channel));
      channel = null;
      return file;
    } catch (CheckpointException malformed) {
      throw malformed.orOtherContent(path, "a safetensors file");
    } catch (IOException unreadable) {
      throw unreadable(path, unreadable);
    } finally {
      closeQuietly(channel);
    }
  }

  public Path path() {
    return path;
  }

  /** The strings of the header's {@code __metadata__}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Tensor names in the order of their data. */
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /**
   * @throws CheckpointException if the file has no such tensor
   */
  public TensorInfo info(String name) {
    return stored(name).info();
  }

  /**
   * The tensor's bytes: read-only, little-endian views of the mapped file, each at most {@link
   * #MAX_SLICE_BYTES}, never splitting an element; empty for a tensor without elements. The views
   * stay valid after {@link #close}.
   */
  public List<ByteBuffer> bytes(String name) {
    StoredTensor tensor = stored(name);
    List<ByteBuffer> slices = new ArrayList<>();
    for (long at = tensor.begin(); at < tensor.end(); at += MAX_SLICE_BYTES) {
      slices.add(slice(at, (int) Math.min(MAX_SLICE_BYTES, tensor.end() - at)));
    }
    return List.copyOf(slices);
  }

  /**
   * Reads a tensor without mapping it. Whoever touches a mapped page first keeps others of the
   * process from mapping memory, as drivers of GPUs do at every turn.
   *
   * @param piece takes each in order, of whole elements, valid while it is taken
   */
  public void read(String name, Consumer<ByteBuffer> piece) {
    StoredTensor tensor = stored(name);
    ByteBuffer buffer = PIECE.get();
    for (long at = tensor.begin(); at < tensor.end(); at += buffer.capacity()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), tensor.end() - at));
      readFully(buffer, dataOffset + at);
      piece.accept(buffer.flip());
    }
  }

  private void readFully(ByteBuffer buffer, long position) {
    try {
      for (long at = position; buffer.hasRemaining(); ) {
        int read = channel.read(buffer, at);
        if (read < 0) {
          throw new EOFException("it has become shorter");
        }
        at += read;
      }
    } catch (IOException unreadable) {
      throw unreadable(path, unreadable);
    }
  }

  /** The tensor as something that can be written elsewhere, mapped only while it is written. */
  public TensorSource source(String name) {
    return TensorSource.lazy(info(name), () -> bytes(name));
  }

  // Windows start every 1 GiB and are up to 2 GiB long, so any slice lies within one of them, and a
  // file of any number of tensors needs few mappings (Linux allows a process 65530).
  private ByteBuffer slice(long position, int length) {
    long index = position / MAX_SLICE_BYTES;
    ByteBuffer window = windows.computeIfAbsent(index, this::map);
    int offset = (int) (position - index * MAX_SLICE_BYTES);
    return window.slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer map(long index) {
    try {
      long start = dataOffset + index * MAX_SLICE_BYTES;
      long length = Math.min(Integer.MAX_VALUE, channel.size() - start);
      return channel.map(MapMode.READ_ONLY, start, length);
    } catch (IOException unreadable) {
      throw unreadable(path, unreadable);
    }
  }

  private StoredTensor stored(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw CheckpointException.of(Kind.UNKNOWN_TENSOR, path, "has no tensor " + quote(name));
    }
    return tensor;
  }

  @Override
  public void close() {
    windows.clear();
    closeQuietly(channel);
  }

  private static CheckpointException unreadable(Path path, IOException cause) {
    return CheckpointException.of(Kind.UNREADABLE, path, "cannot be read: " + cause, cause);
  }

  private static void closeQuietly(FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException alreadyGone) {
        // A channel that was only read from has nothing to lose.
      }
    }
  }
}
