package org.alphaquant.fault;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Fetches a file of a result in pieces, from any replica, as often as it breaks off. */
final class Download {
  private static final int LONGEST_PIECE = 1 << 20;
  private static final long RETRY_MILLIS = 200;

  private final Client client;
  private final String path;
  private final ByteArrayOutputStream content = new ByteArrayOutputStream();
  private String etag = "";
  private int pieces;

  Download(Client client, String path) {
    this.client = client;
    this.path = path;
  }

  /**
   * @param bytes how many the file is to have
   * @return the SHA-256 of what came
   */
  String fetch(long bytes) throws InterruptedException {
    while (content.size() < bytes) {
      try {
        piece();
      } catch (IOException broken) {
        TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
      }
    }
    return sha256();
  }

  int pieces() {
    return pieces;
  }

  /** Reads a random part of the rest and hangs up. */
  private void piece() throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = client.range(path, content.size(), etag);
    try (InputStream body = answer.body()) {
      switch (answer.statusCode()) {
        case 200 -> content.reset();
        case 206 -> pieces++;
        case 503 -> throw new IOException("not now");
        default -> throw new IllegalStateException(path + ": " + answer.statusCode());
      }
      etag = answer.headers().firstValue("ETag").orElseThrow();
      body.transferTo(new Limited(ThreadLocalRandom.current().nextInt(LONGEST_PIECE)));
    } catch (Enough expected) {
      return;
    }
  }

  private String sha256() {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(content.toByteArray()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Enough extends IOException {
    private static final long serialVersionUID = 1;
  }

  private final class Limited extends java.io.OutputStream {
    private final int most;
    private int taken;

    private Limited(int most) {
      this.most = most;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      content.write(bytes, offset, length);
      taken += length;
      if (taken >= most) {
        throw new Enough();
      }
    }
  }
}
