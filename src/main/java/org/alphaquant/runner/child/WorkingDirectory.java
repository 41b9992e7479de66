package org.alphaquant.runner.child;

import com.sun.jna.Function;
import java.nio.file.Path;

/** The working directory of this process, which native libraries use for relative names. */
final class WorkingDirectory {
  private WorkingDirectory() {}

  /** Changes the working directory; a crash writes its report there. */
  static void enter(Path folder) {
    try {
      Function.getFunction("c", "chdir").invokeInt(new Object[] {folder.toString()});
    } catch (LinkageError otherLibrary) {
      // Then the working directory stays as it is.
    }
  }
}
