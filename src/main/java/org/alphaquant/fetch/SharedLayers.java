package org.alphaquant.fetch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.alphaquant.store.StoredFolder;
import org.alphaquant.worker.AttemptLayout;

/**
 * A job's finished layers in a store: an attempt on any machine resumes from the layers that an
 * earlier attempt uploaded. The folder's name holds the fingerprint of the inputs, so that only
 * attempts with equal inputs share layers.
 */
final class SharedLayers {

  private static final String FINGERPRINT = "fingerprint";

  private final StoredFolder store;
  private int put;

  SharedLayers(StoredFolder store) {
    this.store = store;
  }

  private static String folder(String fingerprint) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] hash = digest.digest(fingerprint.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  /**
   * Uploads the layers finished since the last call. A record is uploaded after its tensors and a
   * stream after the records before it, so that an interrupted upload leaves only usable layers.
   */
  void put(AttemptLayout attempt) throws IOException {
    String signature = attempt.signature().orElse("");
    if (signature.isEmpty()) {
      return;
    }
    String folder = folder(signature) + "/";
    store.put(folder + FINGERPRINT, attempt.fingerprint());
    if (Files.exists(attempt.perplexity())) {
      store.put(folder + attempt.perplexity().getFileName(), attempt.perplexity());
    }
    int finished = attempt.recorded();
    for (; put < finished; put++) {
      for (String name : List.of(AttemptLayout.tensors(put), AttemptLayout.record(put))) {
        store.put(folder + name, attempt.layers().resolve(name));
      }
    }
    putStream(attempt, folder, attempt.usable() - 1);
  }

  private void putStream(AttemptLayout attempt, String folder, int layer) throws IOException {
    if (layer < 0 || layer >= put) {
      return;
    }
    try {
      String name = attempt.stream(layer).getFileName().toString();
      store.put(folder + name, attempt.stream(layer));
      store.names().stream()
          .filter(it -> it.startsWith(folder + "stream-") && !it.equals(folder + name))
          .forEach(store::delete);
    } catch (NoSuchFileException passed) {
      // The next layer is already finished; its stream is uploaded by the next call.
    }
  }

  /**
   * Downloads the layers that earlier attempts have uploaded, where they are more than the local
   * folders have.
   *
   * @param into the parent of the downloaded folders
   * @return those folders
   */
  List<Path> bring(List<Path> earlier, Path into) throws IOException {
    List<Path> brought = new ArrayList<>();
    Set<String> folders = new TreeSet<>();
    store.list();
    store.names().forEach(name -> folders.add(name.substring(0, name.indexOf('/') + 1)));
    for (String folder : folders) {
      AttemptLayout attempt = new AttemptLayout(into.resolve(folder));
      int usable = usable(folder, attempt);
      if (usable > 0 && usable > atHand(earlier, folder)) {
        bring(folder, attempt, usable);
        brought.add(attempt.folder());
      }
    }
    return brought;
  }

  private static int atHand(List<Path> earlier, String folder) {
    return earlier.stream()
        .map(AttemptLayout::new)
        .filter(
            it -> it.signature().filter(text -> (folder(text) + "/").equals(folder)).isPresent())
        .mapToInt(AttemptLayout::usable)
        .max()
        .orElse(0);
  }

  private int usable(String folder, AttemptLayout attempt) {
    Set<String> names = Set.copyOf(store.names());
    int usable = 0;
    for (int layer = 0; names.contains(folder + AttemptLayout.record(layer)); layer++) {
      boolean stream = names.contains(folder + attempt.stream(layer).getFileName());
      usable = stream ? layer + 1 : usable;
    }
    return usable;
  }

  private void bring(String folder, AttemptLayout attempt, int usable) throws IOException {
    for (int layer = 0; layer < usable; layer++) {
      for (String name : List.of(AttemptLayout.tensors(layer), AttemptLayout.record(layer))) {
        store.get(folder + name, attempt.layers().resolve(name));
      }
    }
    Path stream = attempt.stream(usable - 1);
    store.get(folder + stream.getFileName(), stream);
    String perplexity = folder + attempt.perplexity().getFileName();
    if (store.names().contains(perplexity)) {
      store.get(perplexity, attempt.perplexity());
    }
    store.get(folder + FINGERPRINT, attempt.fingerprint());
  }
}
