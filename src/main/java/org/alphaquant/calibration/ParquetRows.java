package org.alphaquant.calibration;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import tools.jackson.databind.JsonNode;

/** The rows of a Parquet file. */
final class ParquetRows implements Rows {

  /** Bytes of one row group, which is read as a whole. */
  static final long MAX_ROW_GROUP = 2L << 30;

  private static final byte[] MAGIC = {'P', 'A', 'R', '1'};

  private final Path file;
  private final ParquetReader<Group> reader;
  private long number;

  ParquetRows(Path file) {
    this.file = file;
    try {
      requireWhole();
      requireBounded();
      this.reader =
          new Builder(new LocalInputFile(file)).withCodecFactory(new ParquetCodecs()).build();
    } catch (IOException | RuntimeException e) {
      throw bad(e);
    }
  }

  private static final class Builder extends ParquetReader.Builder<Group> {
    Builder(InputFile file) {
      super(file, new PlainParquetConfiguration());
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }

  // A file that was cut off has no footer to read anything by.
  private void requireWhole() throws IOException {
    long size = Files.size(file);
    byte[] end = new byte[MAGIC.length];
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
      bytes.seek(Math.max(0, size - MAGIC.length));
      bytes.readFully(end);
    }
    if (size < 3L * MAGIC.length || !Arrays.equals(end, MAGIC)) {
      throw new CalibrationException(
          Kind.TEXT_FILE, "'%s' is not a whole Parquet file".formatted(file.getFileName()));
    }
  }

  private void requireBounded() throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
    try (ParquetFileReader footer = ParquetFileReader.open(new LocalInputFile(file), options)) {
      for (BlockMetaData group : footer.getRowGroups()) {
        if (group.getTotalByteSize() > MAX_ROW_GROUP) {
          throw new CalibrationException(
              Kind.TEXT_FILE,
              "'%s' has a row group of %d bytes, over the limit of %d"
                  .formatted(file.getFileName(), group.getTotalByteSize(), MAX_ROW_GROUP));
        }
        group.getColumns().forEach(this::requireReadable);
      }
    }
  }

  private void requireReadable(ColumnChunkMetaData column) {
    if (!ParquetCodecs.CAN_READ.contains(column.getCodec())) {
      throw new CalibrationException(
          Kind.TEXT_FILE,
          "'%s' has a column '%s' packed with %s; %s can be read"
              .formatted(
                  file.getFileName(),
                  column.getPath().toDotString(),
                  column.getCodec(),
                  ParquetCodecs.CAN_READ));
    }
  }

  private CalibrationException bad(Exception cause) {
    return cause instanceof CalibrationException known
        ? known
        : new CalibrationException(
            Kind.TEXT_FILE,
            "'%s' cannot be read as Parquet: %s".formatted(file.getFileName(), reason(cause)),
            cause);
  }

  /** Without the names and identities of the reader's own objects. */
  private static String reason(Exception cause) {
    boolean stumbled =
        cause instanceof NullPointerException
            || cause instanceof IndexOutOfBoundsException
            || cause.getMessage() == null
            || cause.getMessage().contains("Socket is closed");
    return stumbled
        ? "it is damaged"
        : cause
            .getMessage()
            .lines()
            .findFirst()
            .orElse("it is damaged")
            .replaceAll("! Struct: .*| in (file|block) \\S+", "")
            .replaceAll("(class )?org\\.apache\\.[\\w.$]+(@\\w+)?:? ?", "");
  }

  @Override
  public Optional<JsonNode> next() {
    try {
      number++;
      Group row = reader.read();
      return row == null ? Optional.empty() : Optional.of(ParquetValues.object(row));
    } catch (IOException | RuntimeException e) {
      throw bad(e);
    }
  }

  @Override
  public String at() {
    return "'%s', row %d".formatted(file.getFileName(), number);
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException alreadyGone) {
      // A file that was only read from has nothing to lose.
    }
  }
}
