package org.alphaquant.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Supplier;

/** Machine code on disk, by the hash of its source and of how it was compiled. */
record KernelCache(Path folder) {

  /** What was compiled before, or what is compiled now; a folder that cannot be written is none. */
  byte[] get(String source, String[] options, Supplier<byte[]> compiled) {
    Path file = folder.resolve(name(source, options));
    try {
      if (Files.exists(file)) {
        return Files.readAllBytes(file);
      }
    } catch (IOException unreadable) {
      return compiled.get();
    }
    byte[] image = compiled.get();
    keep(file, image);
    return image;
  }

  private void keep(Path file, byte[] image) {
    try {
      Files.createDirectories(folder);
      Path partial = Files.createTempFile(folder, "kernel", ".partial");
      Files.write(partial, image);
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException notKept) {
      // The next start compiles again.
      return;
    }
  }

  private static String name(String source, String[] options) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(source.getBytes(StandardCharsets.UTF_8));
      digest.update(String.join("\n", options).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest()) + ".cubin";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
