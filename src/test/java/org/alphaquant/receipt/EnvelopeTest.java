package org.alphaquant.receipt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class EnvelopeTest {

  private static final byte[] STATEMENT = "{\"a\": 1}".getBytes(UTF_8);

  @TempDir Path folder;

  @Test
  void theSignedBytesAreThoseOfTheSpecification() {
    byte[] signed =
        Envelope.preAuthentication("http://example.com/HelloWorld", bytes("hello world"));
    assertThat(new String(signed, UTF_8))
        .isEqualTo("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  }

  @Test
  void aKeyOnDiskSignsAndItsPublicHalfVerifies() {
    SigningKey.create(folder.resolve("key"));
    SigningKey key = SigningKey.read(folder.resolve("key"));
    Envelope envelope = Envelope.sign(STATEMENT, key);
    VerifyingKey half = VerifyingKey.read(folder.resolve("key.pub"));
    assertThat(Envelope.parse(JsonMapper.shared().writeValueAsBytes(envelope)).verified(half))
        .isEqualTo(STATEMENT);
    assertThat(Envelope.sign(STATEMENT, key)).isEqualTo(envelope);
    assertThat(envelope.signatures().get(0).keyid()).isEqualTo(half.id()).hasSize(64);
  }

  @Test
  void oneByteOfPayloadSignatureOrTypeBreaksIt() {
    SigningKey key = SigningKey.create(folder.resolve("key"));
    Envelope good = Envelope.sign(STATEMENT, key);
    byte[] sig = Base64.getDecoder().decode(good.signatures().get(0).sig());
    for (int i = 0; i < STATEMENT.length; i++) {
      byte[] other = STATEMENT.clone();
      other[i] ^= 1;
      refused(new Envelope(base64(other), Envelope.IN_TOTO, good.signatures()), key);
    }
    for (int i = 0; i < sig.length; i++) {
      byte[] other = sig.clone();
      other[i] ^= 1;
      Envelope.Signature signature = new Envelope.Signature("", base64(other));
      refused(new Envelope(good.payload(), Envelope.IN_TOTO, java.util.List.of(signature)), key);
    }
    refused(new Envelope(good.payload(), "application/json", good.signatures()), key);
    refused(good, SigningKey.create(folder.resolve("another")));
  }

  @Test
  void filesThatAreNoKeysAreNamed() throws IOException {
    Path file = folder.resolve("key");
    SigningKey.create(file);
    assertThatThrownBy(() -> SigningKey.create(file)).hasMessageContaining("exists already");
    assertThatThrownBy(() -> VerifyingKey.read(file))
        .hasMessageContaining("no block \"BEGIN PUBLIC");
    assertThatThrownBy(() -> SigningKey.read(folder.resolve("none")))
        .isInstanceOf(ReceiptException.class)
        .hasMessageContaining("none cannot be read");
    SigningKey.create(folder.resolve("other"));
    Files.delete(folder.resolve("key.pub"));
    Files.copy(folder.resolve("other.pub"), folder.resolve("key.pub"));
    assertThatThrownBy(() -> SigningKey.read(file))
        .hasMessageContaining("is not the public key of");
    assertThatThrownBy(() -> Envelope.parse(bytes("{}"))).hasMessageContaining("no DSSE envelope");
    assertThatThrownBy(() -> Envelope.parse(bytes("nonsense")))
        .hasMessageContaining("no DSSE envelope");
  }

  private static void refused(Envelope envelope, SigningKey key) {
    assertThatThrownBy(() -> envelope.verified(key.verifying()))
        .isInstanceOf(ReceiptException.class)
        .hasMessageContaining("or the receipt was altered");
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
