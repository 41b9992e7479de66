package org.alphaquant.store;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.alphaquant.cache.RemoteContent.Part;
import org.alphaquant.cache.TransferInterruption;
import org.alphaquant.job.JobResult;
import org.springframework.core.io.AbstractResource;
import org.springframework.http.ContentDisposition;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** An artifact in a store. Sends no request until it is read. */
public final class StoredArtifact extends AbstractResource {

  private final Store store;
  private final StoreAddress place;
  private final JobResult.Artifact artifact;
  private final HeadObjectResponse head;

  StoredArtifact(
      Store store, StoreAddress place, JobResult.Artifact artifact, HeadObjectResponse head) {
    this.store = store;
    this.place = place;
    this.artifact = artifact;
    this.head = head;
  }

  URI link(Duration lifetime) {
    String disposition = ContentDisposition.attachment().filename(place.name()).build().toString();
    return URI.create(
        store
            .presigner()
            .presignGetObject(
                it ->
                    it.signatureDuration(lifetime)
                        .getObjectRequest(
                            get ->
                                get.bucket(store.bucket())
                                    .key(store.key(place))
                                    .responseContentType("application/octet-stream")
                                    .responseContentDisposition(disposition)))
            .url()
            .toString());
  }

  @Override
  public boolean exists() {
    return true;
  }

  @Override
  public long contentLength() {
    return artifact.bytes();
  }

  @Override
  public long lastModified() {
    Instant modified = head.lastModified();
    return modified == null ? 0 : modified.toEpochMilli();
  }

  @Override
  public String getFilename() {
    return place.name();
  }

  @Override
  public String getDescription() {
    return place.toString();
  }

  @Override
  public InputStream getInputStream() {
    return new Content();
  }

  /** Requests only the bytes that are read, from behind the skipped ones. */
  private final class Content extends InputStream {
    private long at;
    private Part part;

    @Override
    public long skip(long count) throws IOException {
      if (part != null) {
        long skipped = part.bytes().skip(count);
        at += skipped;
        return skipped;
      }
      long skipped = Math.max(0, Math.min(count, artifact.bytes() - at));
      at += skipped;
      return skipped;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (at >= artifact.bytes()) {
        return -1;
      }
      open();
      int count = part.bytes().read(bytes, offset, length);
      at += Math.max(0, count);
      return count;
    }

    private void open() throws IOException {
      if (part == null) {
        try {
          String etag = head.eTag().replace("\"", "");
          part = store.open(store.key(place), place, at, -1, etag);
        } catch (TransferInterruption e) {
          throw new IOException(e.getMessage(), e);
        }
        if (part.from() != at) {
          part.bytes().skipNBytes(at - part.from());
        }
      }
    }

    @Override
    public void close() {
      if (part != null) {
        part.close();
      }
    }
  }
}
