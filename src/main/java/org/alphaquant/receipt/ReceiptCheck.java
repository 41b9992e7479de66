package org.alphaquant.receipt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.WrittenFile;
import tools.jackson.databind.JsonNode;

/** Checks a receipt, and a folder against it, without the service. */
public final class ReceiptCheck {
  private static final String HUB_CACHE = ".cache";

  private final Statement statement;

  private ReceiptCheck(Statement statement) {
    this.statement = statement;
  }

  /**
   * @throws ReceiptException if the key did not sign it
   */
  public static ReceiptCheck of(Envelope envelope, VerifyingKey key) {
    if (!Envelope.IN_TOTO.equals(envelope.payloadType())) {
      throw new ReceiptException(
          "the receipt's payloadType is %s but must be %s"
              .formatted(envelope.payloadType(), Envelope.IN_TOTO));
    }
    return new ReceiptCheck(Statement.parse(envelope.verified(key)));
  }

  /** The job, to be posted again. */
  public JsonNode job() {
    JsonNode job = statement.predicate().buildDefinition().externalParameters().get(Receipts.JOB);
    if (job == null) {
      throw new ReceiptException("the receipt holds no job");
    }
    return job;
  }

  /** How many files it speaks of. */
  public int files() {
    return statement.subject().size();
  }

  /**
   * All differences between a folder and the receipt; empty if there are none.
   *
   * @param folder the downloaded result, or the same in a hub's layout
   */
  public List<String> differences(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new ReceiptException(folder + " is no folder");
    }
    List<String> differences = new ArrayList<>();
    Map<String, String> said = new LinkedHashMap<>();
    statement.subject().forEach(file -> said.put(file.name(), file.sha256()));
    said.forEach((name, sha256) -> difference(folder, name, sha256, differences));
    for (String there : names(folder)) {
      if (!said.containsKey(there)) {
        differences.add(there + " is not in the receipt");
      }
    }
    return differences;
  }

  private static void difference(Path folder, String name, String sha256, List<String> found) {
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder.normalize())) {
      found.add(name + " would lie outside of the folder");
    } else if (!Files.isRegularFile(file)) {
      found.add(name + " is missing");
    } else {
      String there = WrittenFile.of(file).sha256();
      if (!there.equals(sha256)) {
        found.add("%s has the SHA-256 %s but the receipt says %s".formatted(name, there, sha256));
      }
    }
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .filter(name -> !name.startsWith(HUB_CACHE + "/") && !name.startsWith(".git"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
