package org.alphaquant.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  void aLinkThatLeadsOutsideIsRefused() {
    assertThatThrownBy(() -> roots.file("leak.txt"))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("link to outside");
  }

  @Test
  void whatIsNotThereOrOfTheOtherKindIsNamed() {
    assertThatThrownBy(() -> roots.folder("nothing"))
        .hasMessageContaining("'nothing' is not there");
    assertThatThrownBy(() -> roots.folder("notes.txt")).hasMessageContaining("a folder is needed");
    assertThatThrownBy(() -> roots.file("org")).hasMessageContaining("not a readable file");
    assertThatThrownBy(() -> roots.file("a\0b")).hasMessageContaining("not a path");
  }
}
