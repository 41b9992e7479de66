package org.alphaquant.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Patience;
import org.alphaquant.cache.RemoteFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The requests to the hub's API. */
final class HubRequests {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"next\"");
  private static final int MAX_BODY = 64 << 20;
  private static final int MAX_FILES = 100_000;
  private static final int MAX_PAGES = 1000;

  private final HubHttp http;
  private final URI endpoint;
  private final HubSettings settings;

  HubRequests(HubHttp http, URI endpoint, HubSettings settings) {
    this.http = http;
    this.endpoint = endpoint;
    this.settings = settings;
  }

  /**
   * A repository at one commit.
   *
   * @param commit 40 hexadecimal digits
   * @param licence from its card; null where the card names none
   * @param gated whether conditions had to be accepted
   */
  record Revision(String commit, String licence, boolean gated) {}

  /** The current commit of a branch or tag. */
  Revision resolve(HubReference reference, Patience patience) {
    URI address =
        address(
            "/api/%s/%s/revision/%s",
            reference.type().plural(), reference.id(), encoded(reference.revision()));
    JsonNode info = json(address, reference, patience).body();
    String commit = info.path("sha").asString("");
    HubReference pinned = isCommit(commit) ? reference.at(commit) : null;
    if (pinned == null || !pinned.isPinned()) {
      throw notAHub(address);
    }
    JsonNode licence = info.path("cardData").path("license");
    return new Revision(
        commit,
        licence.isString() ? licence.asString() : null,
        !info.path("gated").asString("false").equals("false"));
  }

  private static boolean isCommit(String text) {
    return text.matches("[0-9a-f]{40}");
  }

  /** All files of a pinned repository. */
  List<RemoteFile> files(HubReference pinned, Patience patience) {
    Map<String, RemoteFile> files = new LinkedHashMap<>();
    Optional<URI> page =
        Optional.of(
            address(
                "/api/%s/%s/tree/%s?recursive=true&expand=false",
                pinned.type().plural(), pinned.id(), pinned.revision()));
    Set<URI> asked = new HashSet<>();
    while (page.isPresent()) {
      if (!asked.add(page.get())) {
        throw new FetchException(
            Kind.UNAVAILABLE,
            "the hub's list of files of '%s' does not end".formatted(pinned.path()));
      }
      Page answer = json(page.get(), pinned, patience);
      if (!answer.body().isArray()) {
        throw notAHub(page.get());
      }
      for (JsonNode entry : answer.body()) {
        if (entry.path("type").asString("").equals("file")) {
          RemoteFile file = file(entry);
          files.put(file.path(), file);
        }
      }
      if (files.size() > MAX_FILES || asked.size() > MAX_PAGES) {
        throw new FetchException(
            Kind.UNUSABLE,
            "'%s' has more than %d files or %d pages of them"
                .formatted(pinned.path(), MAX_FILES, MAX_PAGES));
      }
      page = answer.next();
    }
    return List.copyOf(files.values());
  }

  private static RemoteFile file(JsonNode entry) {
    JsonNode large = entry.path("lfs");
    return new RemoteFile(
        entry.path("path").asString(""),
        (large.isObject() ? large : entry).path("size").asLong(-1),
        entry.path("oid").asString(""),
        large.isObject() ? large.path("oid").asString("").replaceFirst("^sha256:", "") : null);
  }

  /** The address of a file's content. */
  URI content(HubReference pinned, String path) {
    StringBuilder quoted = new StringBuilder();
    for (String part : path.split("/")) {
      quoted.append('/').append(encoded(part));
    }
    return address("/%s/resolve/%s%s", pinned.path(), pinned.revision(), quoted);
  }

  private URI address(String pattern, Object... parts) {
    return URI.create(endpoint + pattern.formatted(parts));
  }

  private static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private record Page(JsonNode body, Optional<URI> next) {}

  private Page json(URI address, HubReference reference, Patience patience) {
    FetchException failure = null;
    for (int attempt = 0; attempt < settings.attempts(); attempt++) {
      Duration wait = settings.pause(attempt);
      try (Answer answer = http.get(address, 0, -1, patience)) {
        if (answer.status() == 200) {
          return page(answer, address, patience);
        }
        failure = new Refusal(answer, reference, http.token()).exception();
        if (!Refusal.isPassing(answer.status())) {
          throw failure;
        }
        wait = Refusal.wait(answer).orElse(wait);
      } catch (IOException e) {
        failure = FetchException.unreachable(Egress.host(address), e);
      }
      if (attempt + 1 == settings.attempts() || !patience.has(wait)) {
        break;
      }
      patience.await(wait);
    }
    throw failure;
  }

  private Page page(Answer answer, URI address, Patience patience) throws IOException {
    byte[] text = answer.bytes(MAX_BODY, patience);
    try {
      Matcher next = NEXT.matcher(answer.header("Link").orElse(""));
      return new Page(
          JSON.readTree(text), next.find() ? Optional.of(next(next.group(1))) : Optional.empty());
    } catch (JacksonException noJson) {
      throw notAHub(address);
    }
  }

  // Only on the host of the first page.
  private URI next(String link) {
    try {
      URI address = http.mirrored(endpoint.resolve(link));
      if (String.valueOf(address.getAuthority()).equals(endpoint.getAuthority())) {
        return address;
      }
    } catch (IllegalArgumentException noAddress) {
      // Refused below.
    }
    throw new FetchException(Kind.UNAVAILABLE, "the hub's list of files continues at another host");
  }

  static FetchException notAHub(URI address) {
    return new FetchException(
        Kind.UNAVAILABLE,
        "%s does not answer as a hub does; is alphaquant.hub.endpoint right, or is a log-in page in between?"
            .formatted(Egress.host(address)));
  }
}
