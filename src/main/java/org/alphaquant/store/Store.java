package org.alphaquant.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Patience;
import org.alphaquant.cache.RemoteContent.Part;
import org.alphaquant.cache.TransferInterruption;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** The requests to one store. */
final class Store implements AutoCloseable {

  private static final int MAX_OBJECTS = 100_000;

  private final String name;
  private final StoreSettings settings;
  private final S3Client client;
  private final S3Presigner presigner;

  Store(String name, StoreSettings settings) {
    this.name = name;
    this.settings = settings;
    StoreClients clients = new StoreClients(settings);
    this.client = clients.client();
    this.presigner = clients.presigner();
  }

  StoreSettings settings() {
    return settings;
  }

  S3Client client() {
    return client;
  }

  S3Presigner presigner() {
    return presigner;
  }

  String bucket() {
    return settings.bucket() == null ? name : settings.bucket();
  }

  /** The key of a place. */
  String key(StoreAddress address) {
    String prefix = settings.prefix().replaceFirst("^/+", "").replaceFirst("/+$", "");
    return prefix.isEmpty()
        ? address.path()
        : address.path().isEmpty() ? prefix : prefix + "/" + address.path();
  }

  /**
   * Sends requests to the store.
   *
   * @param place named in messages
   * @throws FetchException if the store refuses or does not answer
   */
  <T> T ask(Object place, Supplier<T> request) {
    try {
      return request.get();
    } catch (SdkException e) {
      throw refusal(e, place);
    }
  }

  FetchException refusal(SdkException failure, Object place) {
    return new StoreRefusal(name, failure).of(place.toString());
  }

  /** All objects below a place, by their paths below it. */
  List<StoredObject> list(StoreAddress below, Patience patience) {
    String key = key(below);
    String prefix = key.isEmpty() ? "" : key + "/";
    List<StoredObject> objects = new ArrayList<>();
    ListObjectsV2Request request =
        ListObjectsV2Request.builder().bucket(bucket()).prefix(prefix).build();
    while (request != null) {
      ListObjectsV2Request page = request;
      patience.within(settings.idleTimeout());
      ListObjectsV2Response answer = ask(below, () -> client.listObjectsV2(page));
      for (S3Object object : answer.contents()) {
        if (!object.key().endsWith("/")) {
          objects.add(object(object, prefix));
        }
      }
      if (objects.size() > MAX_OBJECTS) {
        throw new FetchException(
            Kind.UNUSABLE, "'%s' has more than %d objects".formatted(below, MAX_OBJECTS));
      }
      request =
          Boolean.TRUE.equals(answer.isTruncated())
              ? page.toBuilder().continuationToken(answer.nextContinuationToken()).build()
              : null;
    }
    return objects;
  }

  private static StoredObject object(S3Object object, String prefix) {
    return new StoredObject(
        object.key().substring(prefix.length()),
        object.key(),
        object.size(),
        object.eTag().replace("\"", ""));
  }

  /** The metadata of an object; empty where it does not exist. */
  Optional<HeadObjectResponse> head(String key, Object place) {
    try {
      return Optional.of(client.headObject(it -> it.bucket(bucket()).key(key)));
    } catch (S3Exception e) {
      if (e.statusCode() == 404) {
        return Optional.empty();
      }
      throw refusal(e, place);
    } catch (SdkException e) {
      throw refusal(e, place);
    }
  }

  /**
   * Opens a part of an object.
   *
   * @param last offset of the last byte; -1 for the end
   * @param etag that the object must have; null for any
   * @throws TransferInterruption if a retry may succeed
   */
  Part open(String key, Object place, long from, long last, String etag)
      throws TransferInterruption {
    GetObjectRequest.Builder request = GetObjectRequest.builder().bucket(bucket()).key(key);
    if (from > 0 || last >= 0) {
      request.range("bytes=" + from + "-" + (last < 0 ? "" : last));
    }
    if (etag != null) {
      request.ifMatch("\"" + etag + "\"");
    }
    try {
      ResponseInputStream<GetObjectResponse> body = client.getObject(request.build());
      boolean part = body.response().contentRange() != null;
      return new Part(body, part ? from : 0, body::abort);
    } catch (S3Exception e) {
      FetchException refusal = refusal(e, place);
      if (e.statusCode() == 416) {
        throw TransferInterruption.fromZero(refusal);
      }
      throw passing(refusal);
    } catch (SdkException e) {
      throw passing(refusal(e, place));
    }
  }

  private static TransferInterruption passing(FetchException refusal) {
    if (refusal.isPassing()) {
      return TransferInterruption.of(refusal);
    }
    throw refusal;
  }

  void delete(String key, Object place) {
    ask(place, () -> client.deleteObject(it -> it.bucket(bucket()).key(key)));
  }

  @Override
  public void close() {
    client.close();
    presigner.close();
  }
}
