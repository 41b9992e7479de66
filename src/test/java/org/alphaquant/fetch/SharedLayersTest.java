package org.alphaquant.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.store.S3Double;
import org.alphaquant.store.StoredFolder;
import org.alphaquant.store.StoredFolders;
import org.alphaquant.worker.AttemptLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What one machine has finished, another one goes on with. */
class SharedLayersTest {

  @TempDir Path here;
  @TempDir Path there;
  @RegisterExtension private static final S3Double remote = new S3Double();

  private final UUID job = UUID.randomUUID();
  private StoredFolders folders;
  private StoredFolder store;
  private AttemptLayout attempt;

  @BeforeEach
  void start() throws IOException {
    folders = new StoredFolders(remote, TestDatabases.client());
    store = folders.of(job);
    attempt = new AttemptLayout(here);
    Files.createDirectories(attempt.layers());
    Files.writeString(attempt.fingerprint(), "these inputs");
    Files.writeString(attempt.perplexity(), "{}");
  }

  @AfterEach
  void stop() {
    store.close();
    folders.close();
  }

  private void finish(int layer) throws IOException {
    Files.writeString(attempt.stream(layer), "stream " + layer);
    Files.writeString(attempt.layers().resolve(AttemptLayout.tensors(layer)), "tensors " + layer);
    Files.writeString(attempt.layers().resolve(AttemptLayout.record(layer)), "record " + layer);
    Files.deleteIfExists(attempt.stream(layer - 1));
  }

  private List<Path> bring(List<Path> earlier) throws IOException {
    try (StoredFolder other = folders.of(job)) {
      return new SharedLayers(other).bring(earlier, there);
    }
  }

  @Test
  void anotherMachineGoesOnAfterTheLastLayer() throws IOException {
    SharedLayers shared = new SharedLayers(store);
    finish(0);
    shared.put(attempt);
    finish(1);
    finish(2);
    shared.put(attempt);
    assertThat(
            remote.keys().stream().filter(it -> it.contains(job + "/") && it.contains("stream-")))
        .hasSize(1);
    remote.forgetRequests();
    shared.put(attempt);
    assertThat(remote.requests()).as("nothing is new").isEmpty();

    AttemptLayout brought = new AttemptLayout(bring(List.of()).get(0));
    assertThat(brought.usable()).isEqualTo(3);
    assertThat(brought.signature()).contains("these inputs");
    assertThat(brought.perplexity()).hasContent("{}");
    assertThat(brought.stream(2)).hasContent("stream 2");
    assertThat(brought.layers().resolve(AttemptLayout.tensors(1))).hasContent("tensors 1");
    assertThat(bring(List.of(here))).as("a machine that has it all").isEmpty();
  }

  @Test
  void whatIsOnlyHalfThereIsNotUsed() throws IOException {
    finish(0);
    new SharedLayers(store).put(attempt);
    finish(1);
    // The tensors come, the record does not.
    remote.fault("PUT .*" + job + ".*layer-00001.json", 3, S3Double.status(503));
    try {
      new SharedLayers(store).put(attempt);
    } catch (org.alphaquant.cache.FetchException away) {
      assertThat(away).hasMessageContaining("503");
    }
    assertThat(remote.keys())
        .anyMatch(it -> it.contains(job + "/") && it.endsWith("layer-00001.safetensors"));
    assertThat(new AttemptLayout(bring(List.of()).get(0)).usable()).isEqualTo(1);
  }

  @Test
  void otherInputsHaveAFolderOfTheirOwn() throws IOException {
    finish(0);
    new SharedLayers(store).put(attempt);
    Files.writeString(attempt.fingerprint(), "others");
    new SharedLayers(store).put(attempt);
    assertThat(bring(List.of())).hasSize(2);
  }

  @Test
  void aCutConnectionIsGoneOnWith() throws IOException {
    finish(0);
    new SharedLayers(store).put(attempt);
    remote.fault("GET .*" + job + ".*layer-00000.safetensors", 2, remote.cutAfter(3));
    AttemptLayout brought = new AttemptLayout(bring(List.of()).get(0));
    assertThat(brought.layers().resolve(AttemptLayout.tensors(0))).hasContent("tensors 0");
  }
}
