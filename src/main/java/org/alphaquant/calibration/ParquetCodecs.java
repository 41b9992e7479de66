package org.alphaquant.calibration;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Unpacks pages: the reader's own codecs, and gzip, which it would look for in Hadoop. */
final class ParquetCodecs implements CompressionCodecFactory {

  /** The codecs that pages may be packed with. */
  static final Set<CompressionCodecName> CAN_READ =
      Collections.unmodifiableSet(
          EnumSet.of(
              CompressionCodecName.UNCOMPRESSED,
              CompressionCodecName.SNAPPY,
              CompressionCodecName.GZIP,
              CompressionCodecName.ZSTD,
              CompressionCodecName.LZ4_RAW));

  private final CodecFactory own = new CodecFactory(new PlainParquetConfiguration(), 0);

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return codec == CompressionCodecName.GZIP ? new Gzip() : own.getDecompressor(codec);
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    return own.getCompressor(codec);
  }

  @Override
  public void release() {
    own.release();
  }

  private static final class Gzip implements BytesInputDecompressor {

    @Override
    public BytesInput decompress(BytesInput packed, int size) throws IOException {
      return BytesInput.from(unpacked(packed, size));
    }

    @Override
    public void decompress(ByteBuffer packed, int packedSize, ByteBuffer page, int size)
        throws IOException {
      ByteBuffer bytes = packed.slice(packed.position(), packedSize);
      page.put(unpacked(BytesInput.from(List.of(bytes)), size));
    }

    private static byte[] unpacked(BytesInput packed, int size) throws IOException {
      try (GZIPInputStream bytes = new GZIPInputStream(packed.toInputStream())) {
        byte[] page = bytes.readNBytes(size);
        if (page.length < size) {
          throw new EOFException("a page has %d of %d bytes".formatted(page.length, size));
        }
        return page;
      }
    }

    @Override
    public void release() {
      // Nothing is held between pages.
    }
  }
}
