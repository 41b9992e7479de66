package org.alphaquant.fetch;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.background.Rounds;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.DownloadProgress;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.fetch.ModelDownloads.ModelDownload;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubReference;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.Stores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Downloads models requested by {@code POST /v1/models}, one at a time. */
final class Prefetcher implements Rounds.Round {

  private static final Logger log = LoggerFactory.getLogger(Prefetcher.class);
  private static final Duration POLL = Duration.ofSeconds(2);

  private final Hub hub;
  private final Stores stores;
  private final ModelDownloads rows;

  Prefetcher(Hub hub, Stores stores, ModelDownloads rows) {
    this.hub = hub;
    this.stores = stores;
    this.rows = rows;
  }

  @Override
  public Duration go() {
    UUID holder = UUID.randomUUID();
    Optional<ModelDownload> next = rows.claim(holder);
    next.ifPresent(download -> bring(download, holder));
    return next.isPresent() ? Duration.ZERO : POLL;
  }

  private void bring(ModelDownload download, UUID holder) {
    String model = download.model();
    try {
      use(download, new Observer(download, holder)).close();
      rows.end(download.id(), holder, "DONE", null);
    } catch (CancellationException cancelled) {
      log.info("the download of {} was stopped", model);
    } catch (FetchException e) {
      log.warn("{} could not be downloaded: {}", model, e.getMessage());
      rows.end(download.id(), holder, "FAILED", e.getMessage());
    } catch (RuntimeException e) {
      if (DatabaseAway.caused(e)) {
        throw e;
      }
      log.error("{} could not be downloaded", model, e);
      rows.end(download.id(), holder, "FAILED", "the download failed; the service's log has why");
    }
  }

  private ModelInUse use(ModelDownload download, DownloadObserver observer) {
    String revision = download.revision();
    return StoreAddress.is(download.model())
        ? stores.use(StoreAddress.of(download.model()), revision, download.owner(), observer)
        : hub.use(HubReference.model(download.model(), revision), download.owner(), observer);
  }

  private final class Observer implements DownloadObserver {
    private final ModelDownload download;
    private final UUID holder;

    Observer(ModelDownload download, UUID holder) {
      this.download = download;
      this.holder = holder;
    }

    @Override
    public void progress(DownloadProgress progress) {
      if (!rows.progress(download.id(), holder, progress)) {
        throw new CancellationException();
      }
    }

    @Override
    public void ensureWanted() {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException();
      }
    }
  }
}
