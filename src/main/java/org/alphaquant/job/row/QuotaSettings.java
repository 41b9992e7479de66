package org.alphaquant.job.row;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Quotas per owner. They hold across all processes, because the database counts.
 *
 * @param queued maximum number of queued jobs; 0 for no limit
 * @param running maximum number of running jobs, further ones wait; 0 for no limit
 */
@ConfigurationProperties("alphaquant.quota")
public record QuotaSettings(@DefaultValue("0") int queued, @DefaultValue("0") int running) {
  /** No limits. */
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
