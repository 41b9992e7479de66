package org.alphaquant.cache;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.alphaquant.cache.FetchException.Kind;

/**
 * Downloads one file into its part file: resumes after a cut connection and gives up after several
 * tries without progress.
 */
final class FileDownload {

  private static final int MAX_WRONG = 2;
  private static final Duration MAX_WAIT = Duration.ofSeconds(30);

  private final CacheSettings settings;
  private final Version pinned;
  private final RemoteFile file;
  private final RemoteContent content;
  private final PartFile part;
  private final Progress progress;
  private final Patience patience;
  private long furthest;
  private int failures;
  private int wrong;

  FileDownload(
      CacheSettings settings,
      Version pinned,
      RemoteFile file,
      RemoteContent content,
      PartFile part,
      Progress progress,
      Patience patience) {
    this.settings = settings;
    this.pinned = pinned;
    this.file = file;
    this.content = content;
    this.part = part;
    this.progress = progress;
    this.patience = patience;
  }

  /**
   * Completes the part file.
   *
   * @throws FetchException if the download is refused, has the wrong hash twice, or makes no
   *     progress
   * @throws IOException if it cannot be written
   */
  void run() throws IOException {
    while (!isComplete()) {
      TransferInterruption interruption = transfer();
      if (interruption != null && part.length() < file.size()) {
        failed(interruption);
      }
    }
  }

  private boolean isComplete() throws IOException {
    if (part.length() < file.size()) {
      return false;
    }
    long length = part.length();
    if (part.isRight()) {
      return true;
    }
    progress.found(-length);
    furthest = 0;
    if (++wrong == MAX_WRONG) {
      throw new FetchException(
          Kind.UNAVAILABLE,
          "'%s' of '%s' was received twice with a wrong hash"
              .formatted(file.path(), pinned.path()));
    }
    return false;
  }

  /** The reason why a transfer ended early; null where it was complete. */
  private TransferInterruption transfer() throws IOException {
    furthest = Math.max(furthest, part.length());
    try (RemoteContent.Part answer = content.open(part.length(), -1, patience)) {
      if (answer.from() != part.length()) {
        restart();
      }
      receive(answer.bytes());
      return null;
    } catch (WriteFailure e) {
      throw e.reason;
    } catch (TransferInterruption interruption) {
      if (interruption.isFromZero()) {
        restart();
      }
      return interruption;
    } catch (IOException cut) {
      return TransferInterruption.of(FetchException.unreachable(content.host(), cut));
    }
  }

  private void restart() throws IOException {
    progress.found(-part.length());
    part.restart();
  }

  private void receive(InputStream body) throws IOException, TransferInterruption {
    byte[] buffer = new byte[1 << 16];
    SpeedFloor floor = new SpeedFloor(settings.minimumRate().toBytes(), settings.rateWindow());
    for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
      patience.within(MAX_WAIT);
      int taken = (int) Math.min(count, file.size() - part.length());
      append(buffer, taken);
      if (taken < count) {
        // Longer than announced: the hash of the announced length decides.
        return;
      }
      if (floor.isMissed(count)) {
        throw TransferInterruption.stalled(
            new FetchException(
                Kind.UNAVAILABLE,
                "%s sends fewer than %d bytes a second"
                    .formatted(content.host(), settings.minimumRate().toBytes())));
      }
    }
    if (part.length() < file.size()) {
      throw TransferInterruption.of(
          new FetchException(
              Kind.UNAVAILABLE,
              "%s ends '%s' after %d of %d bytes"
                  .formatted(content.host(), file.path(), part.length(), file.size())));
    }
  }

  private void append(byte[] bytes, int count) throws IOException {
    try {
      part.append(bytes, count);
    } catch (IOException disk) {
      throw new WriteFailure(disk);
    }
    progress.fetched(count);
  }

  /** The disk cannot be written; a retry would not help. */
  private static final class WriteFailure extends IOException {
    private final transient IOException reason;

    WriteFailure(IOException reason) {
      this.reason = reason;
    }
  }

  /** Bytes that are downloaded again after a restart do not count as progress. */
  private void failed(TransferInterruption interruption) {
    long gained = part.length() - furthest;
    boolean progressed = !interruption.isStalled() && gained >= settings.minimumRate().toBytes();
    Duration pause = interruption.pause().orElse(settings.pause(failures));
    failures = progressed ? 0 : failures + 1;
    if (failures >= settings.attempts()) {
      throw interruption.reason();
    }
    patience.await(pause);
  }
}
