package org.alphaquant.fetch;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.cache.DownloadProgress;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The rows of models to be downloaded ahead of any job. */
final class ModelDownloads {

  private static final String SHOWN =
      "id, model, revision, owner, state, bytes, total_bytes, bytes_per_second, error";

  private final JdbcClient sql;
  private final double leaseSeconds;

  ModelDownloads(JdbcClient sql, double leaseSeconds) {
    this.sql = sql;
    this.leaseSeconds = leaseSeconds;
  }

  /** A requested download. */
  record ModelDownload(
      UUID id,
      String model,
      String revision,
      String owner,
      String state,
      long bytes,
      long totalBytes,
      double bytesPerSecond,
      String error) {}

  private static ModelDownload read(ResultSet row, int number) throws SQLException {
    return new ModelDownload(
        row.getObject("id", UUID.class),
        row.getString("model"),
        row.getString("revision"),
        row.getString("owner"),
        row.getString("state"),
        row.getLong("bytes"),
        row.getLong("total_bytes"),
        row.getDouble("bytes_per_second"),
        row.getString("error"));
  }

  /** Requests a download; returns the open request where there is one. */
  ModelDownload put(String model, String revision, String owner) {
    sql.sql(
            "delete from model_download where model = :model and state in ('DONE', 'FAILED', 'CANCELLED')")
        .param("model", model)
        .update();
    return sql.sql(
            """
            insert into model_download (model, revision, owner) values (:model, :revision, :owner)
            on conflict (model, revision) where state in ('QUEUED', 'RUNNING')
              do update set owner = model_download.owner
            returning\s"""
                + SHOWN)
        .param("model", model)
        .param("revision", revision)
        .param("owner", owner)
        .query(ModelDownloads::read)
        .single();
  }

  /** Downloads that are queued, running or failed. */
  List<ModelDownload> list() {
    return sql.sql(
            "select "
                + SHOWN
                + " from model_download where state in ('QUEUED', 'RUNNING', 'FAILED') order by created_at")
        .query(ModelDownloads::read)
        .list();
  }

  /** Claims the next queued download, or one whose lease has expired. */
  Optional<ModelDownload> claim(UUID holder) {
    return sql.sql(
            """
            update model_download set state = 'RUNNING', holder = :holder,
              expires_at = now() + make_interval(secs => :lease)
            where id = (
              select id from model_download
              where state = 'QUEUED' or state = 'RUNNING' and expires_at < now()
              order by created_at limit 1 for update skip locked)
            returning\s"""
                + SHOWN)
        .param("holder", holder)
        .param("lease", leaseSeconds)
        .query(ModelDownloads::read)
        .optional();
  }

  /** Records the progress and renews the lease; false where the lease was lost. */
  boolean progress(UUID id, UUID holder, DownloadProgress progress) {
    return sql.sql(
                """
                update model_download set bytes = :bytes, total_bytes = :total,
                  bytes_per_second = :rate, expires_at = now() + make_interval(secs => :lease)
                where id = :id and holder = :holder and state = 'RUNNING'""")
            .param("bytes", progress.done())
            .param("total", progress.total())
            .param("rate", progress.bytesPerSecond())
            .param("lease", leaseSeconds)
            .param("id", id)
            .param("holder", holder)
            .update()
        == 1;
  }

  void end(UUID id, UUID holder, String state, String error) {
    sql.sql(
            """
            update model_download set state = :state, error = :error, holder = null, expires_at = null
            where id = :id and holder = :holder and state = 'RUNNING'""")
        .param("state", state)
        .param("error", error)
        .param("id", id)
        .param("holder", holder)
        .update();
  }

  /** Cancels the downloads of a model; false where there is none. */
  boolean cancel(String model) {
    return sql.sql(
                """
                update model_download set state = 'CANCELLED', holder = null, expires_at = null
                where model = :model and state in ('QUEUED', 'RUNNING', 'FAILED')""")
            .param("model", model)
            .update()
        > 0;
  }
}
