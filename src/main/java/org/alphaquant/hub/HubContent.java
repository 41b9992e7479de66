package org.alphaquant.hub;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Patience;
import org.alphaquant.cache.RemoteContent;
import org.alphaquant.cache.RemoteFile;
import org.alphaquant.cache.TransferInterruption;

/**
 * A file of the hub. Every part is requested from the hub again, because the signed address of the
 * storage expires.
 */
final class HubContent implements RemoteContent {

  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");

  private final HubHttp http;
  private final HubSettings settings;
  private final HubReference pinned;
  private final RemoteFile file;
  private final URI address;
  private String host;

  HubContent(
      HubHttp http, HubSettings settings, HubReference pinned, RemoteFile file, URI address) {
    this.http = http;
    this.settings = settings;
    this.pinned = pinned;
    this.file = file;
    this.address = address;
    this.host = Egress.host(address);
  }

  @Override
  public String host() {
    return host;
  }

  @Override
  public Part open(long from, long last, Patience patience)
      throws IOException, TransferInterruption {
    Answer answer = http.get(address, from, last, patience);
    host = Egress.host(answer.address());
    try {
      return part(answer, from);
    } catch (IOException | TransferInterruption | RuntimeException refused) {
      answer.close();
      throw refused;
    }
  }

  private Part part(Answer answer, long from) throws IOException, TransferInterruption {
    if (answer.status() == 200 || answer.status() == 206) {
      if (answer.fromHub() && answer.header("X-Repo-Commit").isEmpty()) {
        throw HubRequests.notAHub(address);
      }
      long begin = answer.status() == 200 ? 0 : from;
      if (begin > 0 || answer.status() == 206) {
        requireRange(answer, from);
      }
      return new Part(answer.body(), begin, answer::close);
    }
    FetchException refusal = new Refusal(answer, pinned, http.token()).exception();
    if (answer.status() == 416) {
      throw TransferInterruption.fromZero(refusal);
    }
    if (Refusal.isPassing(answer.status())) {
      throw TransferInterruption.of(refusal, Refusal.wait(answer));
    }
    if (!answer.fromHub()) {
      throw TransferInterruption.of(expired(answer), Optional.of(settings.firstPause()));
    }
    throw refusal;
  }

  private FetchException expired(Answer answer) {
    return new FetchException(
        Kind.UNAVAILABLE,
        "the storage refuses '%s' with status %d".formatted(file.path(), answer.status()));
  }

  private void requireRange(Answer answer, long from) throws TransferInterruption {
    Matcher range = CONTENT_RANGE.matcher(answer.header("Content-Range").orElse(""));
    boolean right =
        range.matches()
            && !answer.isCompressed()
            && range.group(1).equals(Long.toString(from))
            && (range.group(3).equals("*") || range.group(3).equals(Long.toString(file.size())));
    if (!right) {
      throw TransferInterruption.fromZero(
          new FetchException(
              Kind.UNAVAILABLE,
              "%s sends another part of '%s' than was asked for".formatted(host, file.path())));
    }
  }
}
