package org.alphaquant.job.library;

import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;

/**
 * A hub model to download.
 *
 * @param model {@code org/name} or {@code hf://org/name}
 * @param revision branch, tag or commit; null for the main branch
 */
public record ModelRequest(String model, String revision) {
  public ModelRequest {
    text("model", model, 512);
    textOrNull("revision", revision, 200);
  }
}
