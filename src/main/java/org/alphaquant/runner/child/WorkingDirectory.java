package org.alphaquant.runner.child;

import com.sun.jna.Function;
import java.nio.file.Path;

/** Where this process is, for those of its libraries that use relative names. */
final class WorkingDirectory {
  private WorkingDirectory() {}

  /** Makes a folder the working directory, where a crash leaves its report. */
  static void enter(Path folder) {
    try {
      Function.getFunction("c", "chdir").invokeInt(new Object[] {folder.toString()});
    } catch (LinkageError otherLibrary) {
      // Then the process stays where it is.
    }
  }
}
