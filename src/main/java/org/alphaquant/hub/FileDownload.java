package org.alphaquant.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.hub.HubException.Kind;

/**
 * Brings one file into its part: goes on where the connection was cut, asks the hub for a new
 * address where the storage's has expired, gives up after some tries in which nothing came.
 */
final class FileDownload {

  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");
  private static final int MAX_WRONG = 2;
  private static final Duration MAX_WAIT = Duration.ofSeconds(30);

  private final HubHttp http;
  private final HubSettings settings;
  private final HubReference pinned;
  private final HubFile file;
  private final URI address;
  private final PartFile part;
  private final Progress progress;
  private final Patience patience;
  private int failures;
  private int wrong;

  FileDownload(
      HubHttp http,
      HubSettings settings,
      HubReference pinned,
      HubFile file,
      URI address,
      PartFile part,
      Progress progress,
      Patience patience) {
    this.http = http;
    this.settings = settings;
    this.pinned = pinned;
    this.file = file;
    this.address = address;
    this.part = part;
    this.progress = progress;
    this.patience = patience;
  }

  /**
   * Returns when the part is the file.
   *
   * @throws HubException if the hub refuses it, sends other bytes twice, or sends none
   * @throws IOException if it cannot be written
   */
  void run() throws IOException {
    while (!isComplete()) {
      long before = part.length();
      Interruption interruption = transfer();
      if (interruption != null && part.length() < file.size()) {
        failed(interruption, part.length() - before);
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
    if (++wrong == MAX_WRONG) {
      throw new HubException(
          Kind.UNAVAILABLE,
          "'%s' of '%s' came twice with other bytes than its hash says"
              .formatted(file.path(), pinned.path()));
    }
    return false;
  }

  /** Why a transfer ended early, and how long to wait before the next. */
  private record Interruption(HubException reason, Duration pause, boolean stalled) {}

  private Interruption transfer() throws IOException {
    try (Answer answer = ask()) {
      Interruption refusal = refusal(answer);
      return refusal == null ? receive(answer) : refusal;
    } catch (WriteFailure e) {
      throw e.reason;
    } catch (IOException cut) {
      return interruption(HubRequests.unreachable(address, cut), Optional.empty());
    }
  }

  private Answer ask() throws IOException {
    return http.get(address, part.length(), -1, patience);
  }

  private Interruption refusal(Answer answer) throws IOException {
    int status = answer.status();
    if (status == 416) {
      restart();
      return interruption(new Refusal(answer, pinned, http.token()).exception(), Optional.empty());
    }
    if (status == 200 || status == 206) {
      return placed(answer);
    }
    HubException refusal = new Refusal(answer, pinned, http.token()).exception();
    if (Refusal.isPassing(status)) {
      return interruption(refusal, Refusal.wait(answer));
    }
    if (!answer.fromHub()) {
      // A signed address has expired; the hub gives a new one.
      HubException expired =
          new HubException(
              Kind.UNAVAILABLE,
              "the storage refuses '%s' with status %d".formatted(file.path(), status));
      return interruption(expired, Optional.of(settings.pause(0)));
    }
    throw refusal;
  }

  /** Makes the part fit what comes: a range where one was asked for, or all from the beginning. */
  private Interruption placed(Answer answer) throws IOException {
    if (answer.fromHub() && answer.header("X-Repo-Commit").isEmpty()) {
      throw HubRequests.notAHub(address);
    }
    if (answer.status() == 200) {
      if (part.length() > 0) {
        restart();
      }
      return null;
    }
    Matcher range = CONTENT_RANGE.matcher(answer.header("Content-Range").orElse(""));
    boolean right =
        range.matches()
            && range.group(1).equals(Long.toString(part.length()))
            && (range.group(3).equals("*") || range.group(3).equals(Long.toString(file.size())));
    if (right) {
      return null;
    }
    restart();
    HubException other =
        new HubException(
            Kind.UNAVAILABLE,
            "%s sends another part of '%s' than was asked for"
                .formatted(Egress.host(answer.address()), file.path()));
    return interruption(other, Optional.empty());
  }

  private void restart() throws IOException {
    progress.found(-part.length());
    part.restart();
  }

  private Interruption receive(Answer answer) throws IOException {
    byte[] buffer = new byte[1 << 16];
    SpeedFloor floor = new SpeedFloor(settings.minimumRate().toBytes(), settings.rateWindow());
    InputStream body = answer.body();
    for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
      patience.within(MAX_WAIT);
      int taken = (int) Math.min(count, file.size() - part.length());
      append(buffer, taken);
      if (taken < count) {
        // Longer than it should be: the hash of what is kept decides.
        return null;
      }
      if (floor.isMissed(count)) {
        HubException slow =
            new HubException(
                Kind.UNAVAILABLE,
                "%s sends fewer than %d bytes a second"
                    .formatted(Egress.host(answer.address()), settings.minimumRate().toBytes()));
        return new Interruption(slow, settings.pause(failures), true);
      }
    }
    return part.length() == file.size()
        ? null
        : interruption(
            new HubException(
                Kind.UNAVAILABLE,
                "%s ends '%s' after %d of %d bytes"
                    .formatted(
                        Egress.host(answer.address()), file.path(), part.length(), file.size())),
            Optional.empty());
  }

  private void append(byte[] bytes, int count) throws IOException {
    try {
      part.append(bytes, count);
    } catch (IOException disk) {
      throw new WriteFailure(disk);
    }
    progress.fetched(count);
  }

  /** A disk that does not take what came; asking again would not help. */
  private static final class WriteFailure extends IOException {
    private final transient IOException reason;

    WriteFailure(IOException reason) {
      this.reason = reason;
    }
  }

  private Interruption interruption(HubException reason, Optional<Duration> wait) {
    return new Interruption(reason, wait.orElse(settings.pause(failures)), false);
  }

  private void failed(Interruption interruption, long bytes) {
    boolean progressed = !interruption.stalled() && bytes >= settings.minimumRate().toBytes();
    failures = progressed ? 0 : failures + 1;
    if (failures >= settings.attempts()) {
      throw interruption.reason();
    }
    patience.await(interruption.pause());
  }
}
