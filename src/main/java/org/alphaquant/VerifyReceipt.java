package org.alphaquant;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.alphaquant.receipt.Envelope;
import org.alphaquant.receipt.ReceiptCheck;
import org.alphaquant.receipt.ReceiptException;
import org.alphaquant.receipt.VerifyingKey;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks a receipt, and a folder against it, without the service. */
@Command(
    name = "verify",
    description = {
      "Check a receipt's signature, and every file of a folder against it. Needs no service.",
      "With --body the job that it is of is printed instead, so that it can be posted again:",
      "  alphaquant verify receipt.json --key receipt-key.pub --body | alphaquant submit -"
    },
    mixinStandardHelpOptions = true)
final class VerifyReceipt implements Callable<Integer> {
  private static final int SHOWN = 20;

  private final PrintStream out;
  private final PrintStream err;

  @Parameters(index = "0", paramLabel = "RECEIPT", description = "The receipt's file.")
  private Path receipt;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "What was downloaded; without it only the signature is checked.")
  private Path folder;

  @Option(
      names = "--key",
      required = true,
      paramLabel = "FILE",
      description = "Public key of the service that signed it, from GET /v1/receipt-key.")
  private Path key;

  @Option(names = "--body", description = "Print the job that the receipt is of, as JSON.")
  private boolean body;

  VerifyReceipt(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  @Override
  public Integer call() {
    try {
      ReceiptCheck check = ReceiptCheck.of(Envelope.parse(read()), VerifyingKey.read(key));
      if (body) {
        out.println(check.job().toPrettyString());
        return 0;
      }
      return folder == null ? signed(check) : compared(check);
    } catch (ReceiptException e) {
      err.println("alphaquant verify: " + e.getMessage());
      return 1;
    }
  }

  private byte[] read() {
    try {
      return Files.readAllBytes(receipt);
    } catch (IOException e) {
      throw ReceiptException.unreadable(receipt, e);
    }
  }

  private int signed(ReceiptCheck check) {
    out.println("The signature holds. The receipt names %d files.".formatted(check.files()));
    return 0;
  }

  private int compared(ReceiptCheck check) {
    List<String> differences = check.differences(folder);
    if (differences.isEmpty()) {
      out.println(
          "The signature holds, and all %d files are those of the receipt."
              .formatted(check.files()));
      return 0;
    }
    err.println("alphaquant verify: %s is not what the receipt says:".formatted(folder));
    differences.stream().limit(SHOWN).forEach(line -> err.println("  " + line));
    if (differences.size() > SHOWN) {
      err.println("  and %d more".formatted(differences.size() - SHOWN));
    }
    return 1;
  }
}
