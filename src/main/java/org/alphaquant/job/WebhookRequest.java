package org.alphaquant.job;

import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Where to send notifications. The operator decides which hosts are allowed at all.
 *
 * @param url an http or https address without a user or a fragment
 * @param events the states to notify about; null for the three final ones
 */
@JsonNaming(SnakeCaseStrategy.class)
public record WebhookRequest(String url, List<JobState> events) {
  private static final List<JobState> ENDS =
      Stream.of(JobState.values()).filter(JobState::isTerminal).toList();

  public WebhookRequest {
    text("url", url, 2048);
    requireAddress(url);
    events = events == null ? ENDS : List.copyOf(events);
    size("events", events, 1, JobState.values().length);
  }

  private static void requireAddress(String url) {
    URI address = uri(url);
    String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
    if (!List.of("http", "https").contains(scheme)
        || address.getHost() == null
        || address.getRawUserInfo() != null
        || address.getRawFragment() != null) {
      throw new SpecException(
          "url", url, "an http or https address of a host, without a user or a fragment");
    }
  }

  private static URI uri(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      throw new SpecException("url", url, "an http or https address");
    }
  }
}
