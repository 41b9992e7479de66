package org.alphaquant.prepare;

import java.nio.file.Files;
import org.alphaquant.source.AllowedRoots;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Logs at startup which configured folders of models and texts do not exist. */
@Component
class MissingRoots {
  private static final Logger log = LoggerFactory.getLogger(MissingRoots.class);

  private final SourceSettings settings;

  MissingRoots(SourceSettings settings) {
    this.settings = settings;
  }

  @EventListener(ApplicationReadyEvent.class)
  void tell() {
    tell(settings.modelRoots());
    tell(settings.fileRoots());
  }

  private static void tell(AllowedRoots roots) {
    roots.roots().stream()
        .filter(root -> !Files.isDirectory(root))
        .forEach(
            root ->
                log.warn(
                    "{} names {}, which is no folder: nothing is found there until it is one",
                    roots.property(),
                    root));
  }
}
