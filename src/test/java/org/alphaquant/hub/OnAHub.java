package org.alphaquant.hub;

import static org.alphaquant.hub.HubTests.ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What tests of downloads have in common: a hub with one model, and a cache that is empty. */
abstract class OnAHub {

  static final String FIRST = "model-00001-of-00002.safetensors";
  static final String STORAGE = "^/" + FIRST;

  static JdbcClient sql;

  @TempDir Path dataDir;
  HubDouble remote;
  Hub hub;
  Map<String, byte[]> files;
  String commit;

  @BeforeAll
  static void database() {
    sql = TestDatabases.client();
  }

  @BeforeEach
  void start() {
    remote = new HubDouble();
    files = HubTests.model(1);
    commit = remote.push(ID, files);
    remote.license(ID, "apache-2.0");
    hub = HubTests.hub(remote, dataDir, sql, Map.of());
  }

  @AfterEach
  void stop() throws IOException {
    hub.close();
    remote.close();
  }

  ModelInUse use() {
    return hub.use(HubReference.model(ID, null), "ann", DownloadObserver.NONE);
  }

  Hub with(Map<String, Object> changed) throws IOException {
    hub.close();
    hub = HubTests.hub(remote, dataDir, sql, changed);
    return hub;
  }

  FetchException refused() {
    return catchThrowableOfType(FetchException.class, this::use);
  }

  void assertWhole(Path folder) throws IOException {
    for (String name : List.of("config.json", "tokenizer.json", FIRST)) {
      assertThat(folder.resolve(name)).hasBinaryContent(files.get(name));
    }
    assertThat(folder.resolve("pytorch_model.bin")).doesNotExist();
    assertThat(folder.resolve("adapter.safetensors")).doesNotExist();
    assertThat(folder.resolve("original")).doesNotExist();
  }
}
