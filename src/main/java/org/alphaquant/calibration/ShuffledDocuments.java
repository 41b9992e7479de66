package org.alphaquant.calibration;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Documents in an order that the seed determines, without holding all of them: each is drawn from a
 * buffer that is refilled from the stream, as the streaming shuffle of Hugging Face datasets does.
 */
final class ShuffledDocuments implements Documents {

  static final int BUFFER = 10_000;
  private static final long BUFFER_CHARS = 1 << 26;

  private final Documents source;
  private final Random random;
  private final List<Document> buffer = new ArrayList<>();
  private long chars;
  private boolean exhausted;

  ShuffledDocuments(Documents source, long seed) {
    this.source = source;
    this.random = new Random(seed);
  }

  @Override
  public Optional<Document> next() {
    fill();
    if (buffer.isEmpty()) {
      return Optional.empty();
    }
    int drawn = random.nextInt(buffer.size());
    Document last = buffer.remove(buffer.size() - 1);
    Document document = drawn == buffer.size() ? last : buffer.set(drawn, last);
    chars -= document.text().length();
    return Optional.of(document);
  }

  private void fill() {
    while (!exhausted && buffer.size() < BUFFER && chars < BUFFER_CHARS) {
      Optional<Document> document = source.next();
      document.ifPresent(buffer::add);
      chars += document.map(it -> it.text().length()).orElse(0);
      exhausted = document.isEmpty();
    }
  }

  @Override
  public void close() {
    source.close();
  }
}
