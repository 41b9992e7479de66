package org.alphaquant.receipt;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A signed text (DSSE v1, secure-systems-lab/dsse, envelope.md and protocol.md).
 *
 * @param payload base64 of the signed bytes
 * @param payloadType media type of the bytes
 * @param signatures one for each key
 */
public record Envelope(
    String payload, @JsonProperty("payloadType") String payloadType, List<Signature> signatures) {

  /** The type of in-toto statements. */
  public static final String IN_TOTO = "application/vnd.in-toto+json";

  private static final JsonMapper JSON = JsonMapper.shared();

  /**
   * A signature.
   *
   * @param keyid hint at the key: {@link VerifyingKey#id}
   * @param sig base64
   */
  public record Signature(String keyid, String sig) {}

  public Envelope {
    if (payload == null || payloadType == null || signatures == null || signatures.isEmpty()) {
      throw new ReceiptException(
          "the receipt is no DSSE envelope: it needs payload, payloadType and signatures");
    }
    signatures = List.copyOf(signatures);
  }

  /**
   * @throws ReceiptException if it is no envelope
   */
  public static Envelope parse(byte[] json) {
    try {
      return JSON.readValue(json, Envelope.class);
    } catch (JacksonException e) {
      throw new ReceiptException("the receipt is no DSSE envelope: " + e.getOriginalMessage(), e);
    }
  }

  static Envelope sign(byte[] statement, SigningKey key) {
    byte[] signature = key.sign(preAuthentication(IN_TOTO, statement));
    return new Envelope(
        base64(statement),
        IN_TOTO,
        List.of(new Signature(key.verifying().id(), base64(signature))));
  }

  /**
   * The signed bytes.
   *
   * @throws ReceiptException if no signature is this key's, or the bytes are not those it signed
   */
  public byte[] verified(VerifyingKey key) {
    byte[] bytes = decoded("payload", payload);
    byte[] signed = preAuthentication(payloadType, bytes);
    if (signatures.stream().noneMatch(one -> key.verifies(signed, decoded("sig", one.sig())))) {
      throw new ReceiptException(
          "the signature is not that of the key " + key.id() + ", or the receipt was altered");
    }
    return bytes;
  }

  /**
   * "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body (protocol.md, pre-authentication encoding).
   */
  static byte[] preAuthentication(String type, byte[] body) {
    int typeLength = type.getBytes(StandardCharsets.UTF_8).length;
    byte[] head =
        "DSSEv1 %d %s %d "
            .formatted(typeLength, type, body.length)
            .getBytes(StandardCharsets.UTF_8);
    byte[] whole = new byte[head.length + body.length];
    System.arraycopy(head, 0, whole, 0, head.length);
    System.arraycopy(body, 0, whole, head.length, body.length);
    return whole;
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] decoded(String field, String base64) {
    try {
      return Base64.getDecoder().decode(base64 == null ? "" : base64);
    } catch (IllegalArgumentException e) {
      throw new ReceiptException("the receipt's " + field + " is not base64", e);
    }
  }
}
