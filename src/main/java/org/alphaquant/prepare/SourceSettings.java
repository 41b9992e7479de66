package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.source.AllowedRoots;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Folders that jobs may read.
 *
 * @param models folders that model ids are looked up in
 * @param files folders of calibration and evaluation texts
 */
@ConfigurationProperties("alphaquant")
public record SourceSettings(@DefaultValue Roots models, @DefaultValue Roots files) {

  /**
   * A list of folders.
   *
   * @param roots folders in which names are looked up; paths outside them are refused
   */
  public record Roots(@DefaultValue("./models") List<Path> roots) {}

  public AllowedRoots modelRoots() {
    return new AllowedRoots("alphaquant.models.roots", models.roots());
  }

  public AllowedRoots fileRoots() {
    return new AllowedRoots("alphaquant.files.roots", files.roots());
  }
}
