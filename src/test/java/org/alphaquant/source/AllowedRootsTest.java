package org.alphaquant.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Links;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedRootsTest {

  @TempDir Path outside;

  private AllowedRoots roots;
  private Path root;

  @BeforeEach
  void makeRoots() throws IOException {
    root = Files.createDirectories(outside.resolve("models"));
    Path second = Files.createDirectories(outside.resolve("more"));
    Files.createDirectories(root.resolve("org/olmoe"));
    Files.createDirectories(second.resolve("mixtral"));
    Files.writeString(root.resolve("notes.txt"), "text");
    Files.writeString(outside.resolve("secret.txt"), "secret");
    Files.createSymbolicLink(root.resolve("leak.txt"), outside.resolve("secret.txt"));
    Files.createSymbolicLink(root.resolve("alias"), root.resolve("org/olmoe"));
    roots = new AllowedRoots("alphaquant.models.roots", List.of(root, second));
  }

  @Test
  void aNameIsAFolderBelowTheFirstRootThatHasIt() throws IOException {
    assertThat(roots.folder("org/olmoe")).isEqualTo(root.resolve("org/olmoe").toRealPath());
    assertThat(roots.folder("mixtral").toString()).endsWith("more/mixtral");
    assertThat(roots.folder("alias")).isEqualTo(root.resolve("org/olmoe").toRealPath());
    assertThat(roots.folder(root.resolve("org").toString()).toString()).endsWith("models/org");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../secret.txt", "org/../../secret.txt", "/etc/passwd"})
  void aPathOutsideIsRefusedWithWhatIsAllowed(String name) {
    assertThatThrownBy(() -> roots.file(name))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("outside")
        .hasMessageContaining("alphaquant.models.roots")
        .hasMessageContaining(root.toString());
  }

  @Test
  void aFolderWithALinkThatLeadsOutsideIsRefusedByTheLinksName() throws IOException {
    Path model = Files.createDirectories(root.resolve("sly/original"));
    Files.createSymbolicLink(model.resolve("inside.txt"), root.resolve("notes.txt"));
    assertThat(roots.folder("sly")).isEqualTo(root.resolve("sly").toRealPath());
    Files.createSymbolicLink(model.resolve("vocab.txt"), outside.resolve("secret.txt"));
    assertThatThrownBy(() -> roots.folder("sly"))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("'sly/original/vocab.txt' is a link to outside");
    assertThatThrownBy(() -> roots.folder("sly/original")).isInstanceOf(SourceException.class);
  }

  @Test
  void aLinkThatLeadsOutsideIsFoundAtAnyDepthAndWhenAFileIsOpenedLater() throws IOException {
    Path root = Files.createDirectories(outside.resolve("root"));
    Path model = Files.createDirectories(root.resolve("m"));
    Path deep = Files.createDirectories(model.resolve("a/b/c/d/e"));
    Files.writeString(model.resolve("config.json"), "{}");
    Files.writeString(root.resolve("shared.json"), "{}");
    Files.createSymbolicLink(model.resolve("tokenizer.json"), Path.of("../shared.json"));
    AllowedRoots own = new AllowedRoots("models", List.of(root));
    Links links = own.links(own.folder("m"));
    assertThat(links.real(model.resolve("tokenizer.json")))
        .isEqualTo(root.resolve("shared.json").toRealPath());

    Files.delete(model.resolve("config.json"));
    Files.createSymbolicLink(model.resolve("config.json"), outside.resolve("secret.txt"));
    assertThatThrownBy(() -> Checkpoint.open(model, links))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("'m/config.json' is a link to outside");

    Files.delete(model.resolve("config.json"));
    Files.createSymbolicLink(deep.resolve("f"), outside.resolve("secret.txt"));
    assertThatThrownBy(() -> own.folder("m")).hasMessageContaining("m/a/b/c/d/e/f");
  }

  @Test
  void aSnapshotLinksToTheFilesOfItsOwnCache() throws IOException {
    Path cache = outside.resolve("models--a--b");
    Path snapshot = Files.createDirectories(cache.resolve("snapshots/1f"));
    Files.createDirectories(cache.resolve("blobs"));
    Files.writeString(cache.resolve("blobs/abc"), "{}");
    Files.createSymbolicLink(snapshot.resolve("config.json"), Path.of("../../blobs/abc"));
    AllowedRoots snapshots = new AllowedRoots("models", List.of(cache.resolve("snapshots")));
    assertThat(snapshots.folder("1f")).isEqualTo(snapshot.toRealPath());
    Files.createSymbolicLink(snapshot.resolve("LICENSE"), outside.resolve("secret.txt"));
    assertThatThrownBy(() -> snapshots.folder("1f")).hasMessageContaining("1f/LICENSE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hub/models--a--b", "hub/a/b", "hub/models--a--b/snapshots/1f"})
  void aModelInAHubsCacheIsItsMainSnapshot(String name) throws IOException {
    Path cache = Files.createDirectories(root.resolve("hub/models--a--b"));
    Path snapshot = Files.createDirectories(cache.resolve("snapshots/1f"));
    Files.createDirectories(cache.resolve("refs"));
    Files.writeString(cache.resolve("refs/main"), "1f\n");
    assertThat(roots.folder(name)).isEqualTo(snapshot.toRealPath());
    Files.writeString(cache.resolve("refs/main"), "../../../../..");
    if (!name.endsWith("1f")) {
      assertThatThrownBy(() -> roots.folder(name)).hasMessageContaining("outside");
    }
  }

  @Test
  void aRevisionOfManyBytesIsNotRead() throws IOException {
    Path cache = Files.createDirectories(root.resolve("hub/models--a--b"));
    Files.createDirectories(cache.resolve("refs"));
    try (RandomAccessFile main = new RandomAccessFile(cache.resolve("refs/main").toFile(), "rw")) {
      main.setLength(1L << 40);
    }
    assertThatThrownBy(() -> roots.folder("hub/a/b"))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("main has 1,099,511,627,776 bytes, over the limit of 1,024");
  }

  @Test
  void aLinkThatLeadsOutsideIsRefused() {
    assertThatThrownBy(() -> roots.file("leak.txt"))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("link to outside");
  }

  @Test
  void whatIsNotThereOrOfTheOtherKindIsNamed() {
    assertThatThrownBy(() -> roots.folder("nothing"))
        .hasMessageContaining("'nothing' does not exist");
    assertThatThrownBy(() -> roots.folder("notes.txt")).hasMessageContaining("a folder is needed");
    assertThatThrownBy(() -> roots.file("org")).hasMessageContaining("not a readable file");
    assertThatThrownBy(() -> roots.file("a\0b")).hasMessageContaining("not a path");
  }
}
