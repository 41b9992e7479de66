package org.alphaquant;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.alphaquant.receipt.ReceiptException;
import org.alphaquant.receipt.SigningKey;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Makes the key pair that a service signs receipts with. */
@Command(
    name = "create-receipt-key",
    description = {
      "Make a key pair for receipts: FILE, which only its owner can read, and FILE.pub.",
      "The service signs with it where --alphaquant.receipts.key-file=FILE says so."
    },
    mixinStandardHelpOptions = true)
final class CreateReceiptKey implements Callable<Integer> {
  private final PrintStream out;
  private final PrintStream err;

  @Parameters(paramLabel = "FILE", description = "Where the private key is written to.")
  private Path file;

  CreateReceiptKey(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  @Override
  public Integer call() {
    try {
      SigningKey key = SigningKey.create(file);
      out.println("%s and %s.pub, key id %s".formatted(file, file, key.verifying().id()));
      return 0;
    } catch (ReceiptException e) {
      err.println("alphaquant create-receipt-key: " + e.getMessage());
      return 1;
    }
  }
}
