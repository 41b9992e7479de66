package org.alphaquant.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.RemoteContent.Part;
import org.alphaquant.cache.TransferInterruption;

/** Downloads one object into a file and resumes after a cut connection. */
final class ObjectDownload {

  private final Store store;
  private final StoredObject object;
  private final StoreAddress place;
  private final Runnable ensureWanted;

  ObjectDownload(Store store, StoredObject object, StoreAddress place, Runnable ensureWanted) {
    this.store = store;
    this.object = object;
    this.place = place;
    this.ensureWanted = ensureWanted;
  }

  /**
   * Downloads what the file lacks, as long as the object's ETag stays the same.
   *
   * @throws FetchException if it cannot be downloaded
   * @throws IOException if it cannot be written
   */
  void to(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    try (OutputStream out =
        Files.newOutputStream(
            file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
      long done = 0;
      for (int failures = 0; done < object.size(); ) {
        long before = done;
        FetchException interruption = null;
        try (Part part = store.open(object.key(), place, done, -1, object.etag())) {
          if (part.from() != done) {
            part.bytes().skipNBytes(done - part.from());
          }
          done += copy(part, out);
        } catch (TransferInterruption e) {
          interruption = new FetchException(Kind.UNAVAILABLE, e.getMessage(), e);
        }
        failures = done > before ? 0 : failures + 1;
        if (failures >= store.settings().attempts()) {
          throw interruption != null
              ? interruption
              : new FetchException(Kind.UNAVAILABLE, "'%s' ends early".formatted(place));
        }
      }
    }
  }

  /** Copies bytes until the object, or the connection, ends; returns their number. */
  private long copy(Part part, OutputStream out) throws IOException {
    byte[] buffer = new byte[1 << 16];
    long copied = 0;
    int count = read(part, buffer);
    while (count > 0) {
      ensureWanted.run();
      out.write(buffer, 0, count);
      copied += count;
      count = read(part, buffer);
    }
    return copied;
  }

  private static int read(Part part, byte[] buffer) {
    try {
      return part.bytes().read(buffer);
    } catch (IOException cut) {
      return -1;
    }
  }
}
