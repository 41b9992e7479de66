package org.alphaquant.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alphaquant.cache.Digest;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Origin;
import org.alphaquant.cache.Patience;
import org.alphaquant.cache.RemoteContent;
import org.alphaquant.cache.RemoteFile;
import org.alphaquant.cache.TransferInterruption;
import org.alphaquant.cache.Version;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/**
 * The objects below one address at one time. Each is requested with its ETag, so that an object
 * that changes between listing and download is refused instead of mixed with others.
 */
final class StoreOrigin implements Origin {

  static final String SHA256 = "sha256";

  private static final Pattern SHA256_HEX = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern MD5_HEX = Pattern.compile("[0-9a-f]{32}");

  private final Store store;
  private final StoreAddress address;
  private final String kind;
  private final List<StoredObject> objects;
  private final Map<String, StoredObject> byPath;

  private StoreOrigin(Store store, StoreAddress address, String kind, List<StoredObject> objects) {
    this.store = store;
    this.address = address;
    this.kind = kind;
    this.objects = objects;
    this.byPath =
        objects.stream().collect(Collectors.toMap(StoredObject::path, Function.identity()));
  }

  /** A folder. */
  static StoreOrigin of(Store store, StoreAddress address, String kind, Patience patience) {
    List<StoredObject> objects =
        store.list(address, patience).stream()
            .sorted(Comparator.comparing(StoredObject::path))
            .toList();
    if (objects.isEmpty()) {
      throw new FetchException(Kind.NOT_FOUND, "there is nothing below '%s'".formatted(address));
    }
    return new StoreOrigin(store, address, kind, objects);
  }

  /** One object, by its name in its folder. */
  static StoreOrigin ofFile(Store store, StoreAddress file, String kind) {
    HeadObjectResponse head =
        store
            .head(store.key(file), file)
            .orElseThrow(
                () -> new FetchException(Kind.NOT_FOUND, "'%s' does not exist".formatted(file)));
    StoredObject object =
        new StoredObject(
            file.name(), store.key(file), head.contentLength(), head.eTag().replace("\"", ""));
    return new StoreOrigin(store, file.parent(), kind, List.of(object));
  }

  StoreVersion version() {
    StringBuilder text = new StringBuilder();
    objects.forEach(it -> text.append(it.path()).append('\n').append(id(it)).append('\n'));
    return new StoreVersion(kind, address, sha1(text.toString()));
  }

  private static String id(StoredObject object) {
    return sha1(object.size() + "\n" + object.etag());
  }

  private static String sha1(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-1", impossible);
    }
  }

  @Override
  public List<RemoteFile> files(Version version, Patience patience) {
    return objects.stream().map(object -> file(object, patience)).toList();
  }

  private RemoteFile file(StoredObject object, Patience patience) {
    // Models have no files in deeper folders.
    Optional<HeadObjectResponse> head =
        object.path().chars().filter(c -> c == '/').count() > 1
            ? Optional.empty()
            : head(object, patience);
    String sha256 = head.map(it -> it.metadata().get(SHA256)).filter(this::isSha256).orElse(null);
    return new RemoteFile(
        object.path(),
        object.size(),
        id(object),
        sha256,
        sha256 == null ? head.map(it -> md5(it, object)).orElse(null) : Digest.sha256(sha256));
  }

  private Optional<HeadObjectResponse> head(StoredObject object, Patience patience) {
    patience.within(store.settings().idleTimeout());
    return store.head(object.key(), address.below(object.path()));
  }

  private boolean isSha256(String text) {
    return SHA256_HEX.matcher(text).matches();
  }

  /**
   * An ETag is the content's MD5 only for an object uploaded in one piece, and not with every
   * encryption.
   */
  private static Digest md5(HeadObjectResponse head, StoredObject object) {
    boolean plain =
        head.sseCustomerAlgorithm() == null
            && (head.serverSideEncryption() == null
                || head.serverSideEncryption() == ServerSideEncryption.AES256);
    return plain && MD5_HEX.matcher(object.etag()).matches() ? Digest.md5(object.etag()) : null;
  }

  @Override
  public RemoteContent content(Version version, RemoteFile file) {
    StoredObject object = byPath.get(file.path());
    StoreAddress place = address.below(file.path());
    return new RemoteContent() {
      @Override
      public Part open(long from, long last, Patience patience)
          throws IOException, TransferInterruption {
        patience.within(store.settings().idleTimeout());
        return store.open(object.key(), place, from, last, object.etag());
      }

      @Override
      public String host() {
        return "the store '%s'".formatted(address.store());
      }
    };
  }
}
