package org.alphaquant.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Patience;

/**
 * A job's folder in a store for the files that it needs while it runs. They are deleted after its
 * end.
 */
public final class StoredFolder implements AutoCloseable {

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final Store store;
  private final StoreRows rows;
  private final UUID job;
  private final StoreAddress address;
  private final Runnable ensureWanted;
  private final Map<String, StoredObject> there = new HashMap<>();
  private final ExecutorService threads;

  StoredFolder(Store store, StoreRows rows, UUID job, StoreAddress address, Runnable ensureWanted) {
    this.store = store;
    this.rows = rows;
    this.job = job;
    this.address = address;
    this.ensureWanted = ensureWanted;
    this.threads =
        Executors.newFixedThreadPool(
            store.settings().streams(),
            task -> new Thread(task, "layers-" + NUMBER.incrementAndGet()));
  }

  /**
   * Lists the folder.
   *
   * @throws FetchException if the store does not answer
   */
  public void list() {
    Patience patience = Patience.whileWanted(ensureWanted);
    there.clear();
    store.list(address, patience).forEach(object -> there.put(object.path(), object));
  }

  /** Names of the files listed or uploaded so far. */
  public List<String> names() {
    return List.copyOf(there.keySet());
  }

  /**
   * Uploads a file, unless one of that name and length exists.
   *
   * @throws FetchException if the store refuses it or does not answer
   * @throws IOException if it cannot be read
   */
  public void put(String name, Path file) throws IOException {
    long size = Files.size(file);
    if (there.containsKey(name) && there.get(name).size() == size) {
      return;
    }
    rows.add(job, address, List.of(name));
    StoreAddress object = address.below(name);
    new FileUpload(store, rows, job, object, file, size, FileUpload.sha256(file))
        .run(new FileUpload.Sender(threads, ensureWanted, sent -> {}));
    there.put(name, new StoredObject(name, store.key(object), size, ""));
  }

  /**
   * Downloads a file.
   *
   * @throws FetchException if it does not exist or cannot be downloaded
   * @throws IOException if it cannot be written
   */
  public void get(String name, Path file) throws IOException {
    StoredObject object = there.get(name);
    if (object == null) {
      throw new FetchException(
          Kind.NOT_FOUND, "'%s' does not exist".formatted(address.below(name)));
    }
    new ObjectDownload(store, object, address.below(name), ensureWanted).to(file);
  }

  /** Deletes a file, if it is there. */
  public void delete(String name) {
    if (there.remove(name) != null) {
      StoreAddress object = address.below(name);
      store.delete(store.key(object), object);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
