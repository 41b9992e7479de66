package org.alphaquant.store;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where results are stored and how clients download them.
 *
 * @param location {@code s3://store/path} below which each job's result is written to a folder
 *     named by the job's id; the data directory where not set
 * @param layers {@code s3://store/path} to which finished layers are uploaded while a job runs, so
 *     that any worker can resume it; where not set, only workers with the same data directory can
 * @param redirect whether clients are redirected to presigned URLs; otherwise artifacts are
 *     streamed through this service
 * @param redirectFor lifetime of a presigned URL
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

  // A variable set to the empty text counts as not set.
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
