package org.alphaquant.store;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.alphaquant.store.StoreRows.Upload;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListPartsResponse;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.Part;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Uploads one file to a store: in one request, or in parts, skipping those that an earlier attempt
 * has sent. The store checks the MD5 of each.
 */
final class FileUpload {

  private static final int MOST_PARTS = 9000;
  private static final int MOST_TIMES_LOST = 2;
  private static final long LOOK_MILLIS = 200;

  private final Store store;
  private final StoreRows rows;
  private final UUID job;
  private final StoreAddress object;
  private final Path file;
  private final long size;
  private final String sha256;
  private final String key;

  /** The collaborators of an upload: threads, a check for cancellation, and a progress observer. */
  record Sender(ExecutorService threads, Runnable ensureWanted, LongConsumer sent) {}

  FileUpload(
      Store store,
      StoreRows rows,
      UUID job,
      StoreAddress object,
      Path file,
      long size,
      String sha256) {
    this.store = store;
    this.rows = rows;
    this.job = job;
    this.object = object;
    this.file = file;
    this.size = size;
    this.sha256 = sha256;
    this.key = store.key(object);
  }

  /**
   * Uploads the file, unless the object has its content already.
   *
   * @throws org.alphaquant.cache.FetchException if the store refuses it or does not answer
   * @throws IOException if the file cannot be read
   */
  void run(Sender sender) throws IOException {
    sender.ensureWanted().run();
    if (isThere()) {
      sender.sent().accept(size);
    } else if (size <= partBytes()) {
      putWhole();
      sender.sent().accept(size);
    } else {
      putParts(sender);
    }
  }

  /** Whether an earlier attempt has uploaded it. */
  private boolean isThere() {
    Optional<HeadObjectResponse> there = store.head(key, object);
    return there.isPresent()
        && there.get().contentLength() == size
        && sha256.equals(there.get().metadata().get(StoreOrigin.SHA256));
  }

  private long partBytes() {
    return Math.max(store.settings().partSize().toBytes(), size / MOST_PARTS + 1);
  }

  private S3Client client() {
    return store.client();
  }

  private void putWhole() throws IOException {
    byte[] bytes = bytes(0, (int) size);
    store.ask(
        object,
        () ->
            client()
                .putObject(
                    it ->
                        it.bucket(store.bucket())
                            .key(key)
                            .metadata(Map.of(StoreOrigin.SHA256, sha256))
                            .contentMD5(base64(md5(bytes))),
                    RequestBody.fromBytes(bytes)));
  }

  private void putParts(Sender sender) throws IOException {
    for (int lost = 0; ; lost++) {
      Upload upload = begun();
      try {
        List<CompletedPart> parts = send(upload, sender);
        complete(upload, parts);
        return;
      } catch (NoSuchUploadException forgotten) {
        rows.end(job, upload);
        if (lost == MOST_TIMES_LOST) {
          throw store.refusal(forgotten, object);
        }
      }
    }
  }

  /** The upload that an earlier attempt began with the same file, or a new one. */
  private Upload begun() {
    Optional<Upload> earlier = rows.upload(job, object);
    if (earlier.isPresent() && earlier.get().sha256().equals(sha256)) {
      return earlier.get();
    }
    earlier.ifPresent(this::abort);
    String id =
        store
            .ask(
                object,
                () ->
                    client()
                        .createMultipartUpload(
                            it ->
                                it.bucket(store.bucket())
                                    .key(key)
                                    .metadata(Map.of(StoreOrigin.SHA256, sha256))))
            .uploadId();
    Upload upload = new Upload(object, sha256, id, partBytes());
    rows.begin(job, upload);
    return upload;
  }

  private void abort(Upload upload) {
    abort(store, upload);
    rows.end(job, upload);
  }

  /** Deletes the parts of an abandoned upload. */
  static void abort(Store store, Upload upload) {
    try {
      store
          .client()
          .abortMultipartUpload(
              it ->
                  it.bucket(store.bucket())
                      .key(store.key(upload.object()))
                      .uploadId(upload.uploadId()));
    } catch (S3Exception e) {
      if (e.statusCode() != 404) {
        throw store.refusal(e, upload.object());
      }
    }
  }

  private List<CompletedPart> send(Upload upload, Sender sender) throws IOException {
    Map<Integer, Part> there = there(upload);
    AtomicBoolean stopped = new AtomicBoolean();
    List<Future<CompletedPart>> parts = new ArrayList<>();
    try {
      for (long from = 0; from < size; from += upload.partBytes()) {
        int number = parts.size() + 1;
        long begin = from;
        parts.add(
            sender
                .threads()
                .submit(() -> part(upload, number, begin, there.get(number), stopped, sender)));
      }
      List<CompletedPart> done = new ArrayList<>();
      for (Future<CompletedPart> part : parts) {
        done.add(await(part, sender));
      }
      return done;
    } finally {
      stopped.set(true);
      parts.forEach(part -> part.cancel(false));
    }
  }

  private Map<Integer, Part> there(Upload upload) {
    Map<Integer, Part> parts = new TreeMap<>();
    Integer after = 0;
    while (after != null) {
      Integer marker = after;
      ListPartsResponse page =
          ask(
              () ->
                  client()
                      .listParts(
                          it ->
                              it.bucket(store.bucket())
                                  .key(key)
                                  .uploadId(upload.uploadId())
                                  .partNumberMarker(marker)));
      page.parts().forEach(part -> parts.put(part.partNumber(), part));
      after = Boolean.TRUE.equals(page.isTruncated()) ? page.nextPartNumberMarker() : null;
    }
    return parts;
  }

  /** A request about a multipart upload, which the store may have dropped. */
  private <T> T ask(Supplier<T> request) {
    try {
      return request.get();
    } catch (NoSuchUploadException forgotten) {
      throw forgotten;
    } catch (SdkException e) {
      throw store.refusal(e, object);
    }
  }

  private CompletedPart part(
      Upload upload, int number, long from, Part there, AtomicBoolean stopped, Sender sender)
      throws IOException {
    if (stopped.get()) {
      throw new CancellationException("the upload was interrupted");
    }
    byte[] bytes = bytes(from, (int) Math.min(upload.partBytes(), size - from));
    byte[] md5 = md5(bytes);
    String etag =
        there != null && isSame(there, bytes.length, md5)
            ? there.eTag()
            : ask(() ->
                    client()
                        .uploadPart(
                            it ->
                                it.bucket(store.bucket())
                                    .key(key)
                                    .uploadId(upload.uploadId())
                                    .partNumber(number)
                                    .contentMD5(base64(md5)),
                            RequestBody.fromBytes(bytes)))
                .eTag();
    sender.sent().accept(bytes.length);
    return CompletedPart.builder().partNumber(number).eTag(etag).build();
  }

  private static boolean isSame(Part there, int length, byte[] md5) {
    return there.size() == length
        && there.eTag().replace("\"", "").equals(HexFormat.of().formatHex(md5));
  }

  private static CompletedPart await(Future<CompletedPart> part, Sender sender) throws IOException {
    while (true) {
      sender.ensureWanted().run();
      try {
        return part.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException goesOn) {
        // Checks for cancellation, then waits on.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("the upload was interrupted", e);
      } catch (ExecutionException e) {
        throw thrown(e.getCause());
      }
    }
  }

  private static IOException thrown(Throwable cause) {
    if (cause instanceof RuntimeException reason) {
      throw reason;
    }
    return cause instanceof IOException file ? file : new IOException(cause);
  }

  private void complete(Upload upload, List<CompletedPart> parts) {
    ask(
        () ->
            client()
                .completeMultipartUpload(
                    it ->
                        it.bucket(store.bucket())
                            .key(key)
                            .uploadId(upload.uploadId())
                            .multipartUpload(all -> all.parts(parts))));
    rows.end(job, upload);
  }

  private byte[] bytes(long from, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    try (FileChannel channel = FileChannel.open(file)) {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, from + buffer.position()) < 0) {
          throw new EOFException("%s ends before its %d bytes".formatted(file, size));
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return buffer.array();
  }

  /** SHA-256 of a file. */
  static String sha256(Path file) throws IOException {
    try (InputStream content = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
        digest.update(buffer, 0, count);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  private static byte[] md5(byte[] bytes) {
    try {
      return MessageDigest.getInstance("MD5").digest(bytes);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has MD5", impossible);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
