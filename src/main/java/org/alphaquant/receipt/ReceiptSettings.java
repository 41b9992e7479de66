package org.alphaquant.receipt;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param keyFile Ed25519 private key that receipts are signed with, as {@code create-receipt-key}
 *     writes it; its public key lies beside it with {@code .pub} at its end; without one there are
 *     no receipts
 */
@ConfigurationProperties("alphaquant.receipts")
record ReceiptSettings(Path keyFile) {}
