package org.alphaquant.store;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * One store.
 *
 * @param endpoint its URL; Amazon's endpoint of the region where not set
 * @param region {@code us-east-1}, {@code auto}, …
 * @param bucket the store's name where not set
 * @param prefix prefix within the bucket; jobs cannot reach anything outside it
 * @param pathStyle whether the bucket is in the path rather than in the host's name; true where
 *     there is an endpoint
 * @param credentials {@code keys}, {@code environment} (variables, files and services that Amazon's
 *     libraries know) or {@code none}
 * @param accessKey the key's name
 * @param secretKey the key
 * @param accessKeyFile file that holds the key's name
 * @param secretKeyFile file that holds the key
 * @param sessionToken of temporary credentials
 * @param readable whether jobs may read models and texts from it
 * @param writable whether jobs may write results to it by {@code output.location}
 * @param publicEndpoint endpoint in presigned URLs for clients; {@code endpoint} where not set
 * @param streams parts of a file uploaded at once
 * @param partSize bytes of a part, at least 5 MB; larger where a file would have too many
 * @param connectTimeout longest wait for a connection
 * @param idleTimeout longest time without a byte
 * @param attempts tries of one request
 * @param firstPause time before the second try; doubles with each
 */
record StoreSettings(
    URI endpoint,
    @DefaultValue("us-east-1") String region,
    String bucket,
    @DefaultValue("") String prefix,
    Boolean pathStyle,
    @DefaultValue("keys") Credentials credentials,
    String accessKey,
    String secretKey,
    Path accessKeyFile,
    Path secretKeyFile,
    String sessionToken,
    @DefaultValue("true") boolean readable,
    @DefaultValue("true") boolean writable,
    URI publicEndpoint,
    @DefaultValue("4") int streams,
    @DefaultValue("16MB") DataSize partSize,
    @DefaultValue("10s") Duration connectTimeout,
    @DefaultValue("20s") Duration idleTimeout,
    @DefaultValue("5") int attempts,
    @DefaultValue("500ms") Duration firstPause) {

  static final long MIN_PART = 5L << 20;

  /** The source of the credentials. */
  enum Credentials {
    KEYS,
    ENVIRONMENT,
    NONE
  }

  /** Refuses what cannot work, naming the store. */
  void check(String name) {
    new StoreAddress(name, "");
    within(name, "streams", streams, 1, 64);
    within(name, "attempts", attempts, 1, 100);
    if (partSize.toBytes() < MIN_PART) {
      throw refused(name, "part-size", partSize + " but must be at least 5MB");
    }
    if (credentials == Credentials.KEYS && (accessKey() == null || secretKey() == null)) {
      throw refused(
          name,
          "access-key",
          "not set; give access-key and secret-key (or access-key-file and secret-key-file), or set credentials to environment or none");
    }
  }

  private static void within(String store, String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw refused(store, name, "%d but must be from %d to %d".formatted(value, least, most));
    }
  }

  private static IllegalArgumentException refused(String store, String name, String why) {
    return new IllegalArgumentException(
        "alphaquant.stores.%s.%s is %s".formatted(store, name, why));
  }

  @Override
  public String accessKey() {
    return accessKeyFile == null ? accessKey : read(accessKeyFile);
  }

  @Override
  public String secretKey() {
    return secretKeyFile == null ? secretKey : read(secretKeyFile);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the file '%s' of a key cannot be read".formatted(file), e);
    }
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "StoreSettings[endpoint=%s, bucket=%s, prefix=%s]".formatted(endpoint, bucket, prefix);
  }
}
