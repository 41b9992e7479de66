package org.alphaquant.store;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where results lie and how they are handed out.
 *
 * @param location {@code s3://store/path} that each job's result goes below, by its id; the data
 *     directory where not set
 * @param layers {@code s3://store/path} that finished layers go to while a job runs, so that any
 *     worker can go on with it; where not set, only workers on the same data directory can
 * @param redirect whether clients are sent to the store for what lies there; otherwise it goes
 *     through this service
 * @param redirectFor how long such a link holds
 */
@ConfigurationProperties("alphaquant.results")
public record ResultSettings(
    String location,
    String layers,
    @DefaultValue("false") boolean redirect,
    @DefaultValue("15m") Duration redirectFor) {

  private static final Duration MOST = Duration.ofDays(7);

  public ResultSettings {
    location = orNull(location);
    layers = orNull(layers);
    check("location", location);
    check("layers", layers);
    if (redirectFor.isNegative() || redirectFor.isZero() || redirectFor.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(
          "alphaquant.results.redirect-for is %s but must be more than zero and at most %s"
              .formatted(redirectFor, MOST));
    }
  }

  // A variable that is set to nothing says nothing.
  private static String orNull(String place) {
    return place == null || place.isBlank() ? null : place;
  }

  private static void check(String name, String place) {
    if (place != null && !StoreAddress.is(place)) {
      throw new IllegalArgumentException(
          "alphaquant.results.%s is '%s' but must be s3://store/path".formatted(name, place));
    }
    StoreAddress.parse(place);
  }
}
