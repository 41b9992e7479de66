package org.alphaquant.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The objects that jobs have in stores: every SQL statement about them. */
final class StoreRows {

  private static final JsonMapper JSON = JsonMapper.shared();

  private final JdbcClient sql;

  StoreRows(JdbcClient sql) {
    this.sql = sql;
  }

  /**
   * Files of a job below one place.
   *
   * @param files their names below it
   */
  record Stored(UUID job, StoreAddress location, List<String> files) {}

  /** Records what is about to be uploaded, before the first byte. */
  void add(UUID job, StoreAddress location, List<String> files) {
    sql.sql(
            """
            insert into stored_file (job, location, name)
            select :job, :location, jsonb_array_elements_text(cast(:files as jsonb))
            on conflict do nothing""")
        .param("job", job)
        .param("location", location.toString())
        .param("files", JSON.writeValueAsString(files))
        .update();
  }

  /** Removes the rows of these files of a job, but not of any uploaded since. */
  void remove(Stored stored) {
    sql.sql(
            """
            delete from stored_file where job = :job and location = :location
              and name in (select jsonb_array_elements_text(cast(:files as jsonb)))""")
        .param("job", stored.job())
        .param("location", stored.location().toString())
        .param("files", JSON.writeValueAsString(stored.files()))
        .update();
  }

  /** The files that a job has at a place. */
  List<String> files(UUID job, StoreAddress location) {
    return sql.sql("select name from stored_file where job = :job and location = :location")
        .param("job", job)
        .param("location", location.toString())
        .query(String.class)
        .list();
  }

  /**
   * Addresses that are no longer needed: those of deleted and cancelled jobs and of jobs that
   * failed before the retention time, and the layers of jobs that succeeded.
   */
  List<Stored> forgotten(double keepSeconds, int limit) {
    return sql.sql(
            """
            select s.job, s.location, jsonb_agg(s.name) as files
            from stored_file s left join job j on j.id = s.job
            where j.id is null and s.created_at < now() - interval '1 minute'
               or j.state = 'CANCELLED'
               or j.state = 'SUCCEEDED' and j.artifact_directory <> s.location
               or j.state = 'FAILED' and j.finished_at < now() - make_interval(secs => :keepSeconds)
            group by s.job, s.location
            limit :limit""")
        .param("keepSeconds", keepSeconds)
        .param("limit", limit)
        .query(StoreRows::stored)
        .list();
  }

  /**
   * Locks the job of such an address until the end of the transaction; false where it is needed
   * again, or another process holds the lock.
   */
  boolean lockForgotten(Stored stored, double keepSeconds) {
    boolean deleted =
        sql.sql("select not exists (select 1 from job where id = :job)")
            .param("job", stored.job())
            .query(Boolean.class)
            .single();
    return deleted
        || sql.sql(
                """
                select id from job where id = :job
                  and (state = 'CANCELLED'
                       or state = 'SUCCEEDED' and artifact_directory <> :location
                       or state = 'FAILED'
                          and finished_at < now() - make_interval(secs => :keepSeconds))
                for update skip locked""")
            .param("job", stored.job())
            .param("location", stored.location().toString())
            .param("keepSeconds", keepSeconds)
            .query(UUID.class)
            .optional()
            .isPresent();
  }

  private static Stored stored(ResultSet row, int number) throws SQLException {
    return new Stored(
        row.getObject("job", UUID.class),
        StoreAddress.of(row.getString("location")),
        JSON.readValue(row.getString("files"), new TypeReference<List<String>>() {}));
  }

  /**
   * A multipart upload.
   *
   * @param object its address
   * @param sha256 of the file that it is of
   */
  record Upload(StoreAddress object, String sha256, String uploadId, long partBytes) {}

  Optional<Upload> upload(UUID job, StoreAddress object) {
    return sql.sql(
            "select object, sha256, upload_id, part_bytes from store_upload where job = :job and object = :object")
        .param("job", job)
        .param("object", object.toString())
        .query(StoreRows::upload)
        .optional();
  }

  /** Multipart uploads below a place that were not completed. */
  List<Upload> uploads(UUID job, StoreAddress location) {
    return sql.sql(
            """
            select object, sha256, upload_id, part_bytes from store_upload
            where job = :job and starts_with(object, :location)""")
        .param("job", job)
        .param("location", location + "/")
        .query(StoreRows::upload)
        .list();
  }

  private static Upload upload(ResultSet row, int number) throws SQLException {
    return new Upload(
        StoreAddress.of(row.getString("object")),
        row.getString("sha256"),
        row.getString("upload_id"),
        row.getLong("part_bytes"));
  }

  void begin(UUID job, Upload upload) {
    sql.sql(
            """
            insert into store_upload (job, object, sha256, upload_id, part_bytes)
            values (:job, :object, :sha256, :uploadId, :partBytes)
            on conflict (job, object) do update
              set sha256 = excluded.sha256, upload_id = excluded.upload_id,
                  part_bytes = excluded.part_bytes""")
        .param("job", job)
        .param("object", upload.object().toString())
        .param("sha256", upload.sha256())
        .param("uploadId", upload.uploadId())
        .param("partBytes", upload.partBytes())
        .update();
  }

  void end(UUID job, Upload upload) {
    sql.sql(
            "delete from store_upload where job = :job and object = :object and upload_id = :uploadId")
        .param("job", job)
        .param("object", upload.object().toString())
        .param("uploadId", upload.uploadId())
        .update();
  }
}
