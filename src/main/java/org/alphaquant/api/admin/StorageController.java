package org.alphaquant.api.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.File;
import java.util.List;
import java.util.function.ToLongFunction;
import org.alphaquant.security.Caller;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.usage.StorageUse;
import org.alphaquant.usage.StorageUses;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** How much is stored: of the caller, or for an administrator of everybody. */
@RestController
class StorageController {

  private final StorageUses uses;
  private final File dataDir;

  StorageController(StorageUses uses, ServerSettings settings) {
    this.uses = uses;
    this.dataDir = settings.dataDir().toFile();
  }

  @GetMapping(path = "/v1/storage", produces = MediaType.APPLICATION_JSON_VALUE)
  StorageView storage() {
    Caller caller = Caller.current();
    List<StorageUse> all = uses.all();
    List<UseView> seen =
        all.stream().filter(use -> caller.sees(use.owner())).map(UseView::of).toList();
    return caller.isAdmin()
        ? new StorageView(
            seen,
            new UseView(
                null,
                sum(all, StorageUse::jobs),
                sum(all, StorageUse::resultBytes),
                sum(all, StorageUse::fileBytes),
                sum(all, StorageUse::modelBytes)),
            new DiskView(dataDir.getUsableSpace(), dataDir.getTotalSpace()))
        : new StorageView(seen, null, null);
  }

  private static long sum(List<StorageUse> uses, ToLongFunction<StorageUse> of) {
    return uses.stream().mapToLong(of).sum();
  }

  /**
   * Storage in use.
   *
   * @param total of all owners, for administrators
   * @param disk of the answering process's data directory, for administrators
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record StorageView(List<UseView> data, UseView total, DiskView disk) {}

  /**
   * Storage of one owner.
   *
   * @param owner left out in the total
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record UseView(
      String owner,
      long jobs,
      @JsonProperty("result_bytes") long resultBytes,
      @JsonProperty("file_bytes") long fileBytes,
      @JsonProperty("model_bytes") long modelBytes) {

    static UseView of(StorageUse use) {
      return new UseView(
          use.owner().isEmpty() ? null : use.owner(),
          use.jobs(),
          use.resultBytes(),
          use.fileBytes(),
          use.modelBytes());
    }
  }

  /** Room on a disk. */
  record DiskView(
      @JsonProperty("free_bytes") long freeBytes, @JsonProperty("total_bytes") long totalBytes) {}
}
