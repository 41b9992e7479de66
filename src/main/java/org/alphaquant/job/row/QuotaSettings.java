package org.alphaquant.job.row;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How much of the service one owner may take. They hold over all processes, as the database counts.
 *
 * @param queued most jobs waiting at a time; 0 for no limit
 * @param running most jobs running at a time, the others wait; 0 for no limit
 */
@ConfigurationProperties("alphaquant.quota")
public record QuotaSettings(@DefaultValue("0") int queued, @DefaultValue("0") int running) {
  /** Limits nobody. */
  public static final QuotaSettings NONE = new QuotaSettings(0, 0);

  public QuotaSettings {
    check("queued", queued);
    check("running", running);
  }

  private static void check(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "alphaquant.quota.%s is %d but must be 0 (no limit) or more".formatted(name, value));
    }
  }
}
