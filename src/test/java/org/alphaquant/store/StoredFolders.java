package org.alphaquant.store;

import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Folders in a store of the tests. */
public final class StoredFolders implements AutoCloseable {

  private final Store store;
  private final StoreRows rows;

  public StoredFolders(S3Double remote, JdbcClient sql) {
    this.store = new Store("lab", remote.settings(java.util.Map.of()));
    this.rows = new StoreRows(sql);
  }

  public StoredFolder of(UUID job) {
    StoreAddress address = new StoreAddress("lab", "layers/" + job);
    return new StoredFolder(store, rows, job, address, () -> {});
  }

  @Override
  public void close() {
    store.close();
  }
}
