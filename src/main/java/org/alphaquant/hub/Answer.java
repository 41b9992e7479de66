package org.alphaquant.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.Patience;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;

/**
 * An HTTP response whose body has not been read yet.
 *
 * @param address its address after all redirects
 * @param fromHub whether the hub itself answered rather than a storage host
 */
record Answer(ClassicHttpResponse response, HttpGet request, URI address, boolean fromHub)
    implements AutoCloseable {

  int status() {
    return response.getCode();
  }

  Optional<String> header(String name) {
    Header header = response.getFirstHeader(name);
    return header == null ? Optional.empty() : Optional.of(header.getValue().strip());
  }

  /** The body, decompressed if the sender or a proxy compressed it. */
  InputStream body() throws IOException {
    if (response.getEntity() == null) {
      return InputStream.nullInputStream();
    }
    InputStream body = response.getEntity().getContent();
    return isCompressed() ? new GZIPInputStream(body) : body;
  }

  boolean isCompressed() {
    return header("Content-Encoding").filter("gzip"::equalsIgnoreCase).isPresent();
  }

  /** Reads the whole body and refuses more than the limit. */
  byte[] bytes(int limit, Patience patience) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    InputStream body = body();
    for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
      patience.within(Duration.ofSeconds(1));
      bytes.write(buffer, 0, count);
      if (bytes.size() > limit) {
        throw new FetchException(
            FetchException.Kind.UNUSABLE,
            "%s answers with more than %d bytes".formatted(Egress.host(address), limit));
      }
    }
    return bytes.toByteArray();
  }

  /** Releases the connection without waiting for the rest of the body. */
  @Override
  public void close() {
    if (response.getEntity() != null && response.getEntity().isStreaming()) {
      request.cancel();
    }
    try {
      response.close();
    } catch (IOException alreadyClosed) {
      // What was wanted has been read.
    }
  }
}
