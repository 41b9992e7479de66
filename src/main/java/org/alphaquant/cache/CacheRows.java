package org.alphaquant.cache;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The rows that say which process downloads, uses or deletes what in one cache: every SQL statement
 * about it.
 */
final class CacheRows {

  private final JdbcClient sql;
  private final CacheFolders folders;
  private final double seconds;

  /**
   * @param folders the cache's folders, which hold its id
   * @param lease how long a lease lasts after its last renewal
   */
  CacheRows(JdbcClient sql, CacheFolders folders, Duration lease) {
    this.sql = sql;
    this.folders = folders;
    this.seconds = lease.toMillis() / 1000.0;
  }

  /** Leases the download of a file; false where another process holds it. */
  boolean claimDownload(String blob, UUID holder) {
    return statement(
                """
            insert into hub_download (cache, blob, holder, expires_at)
            values (:cache, :blob, :holder, now() + make_interval(secs => :seconds))
            on conflict (cache, blob) do update
              set holder = excluded.holder, expires_at = excluded.expires_at
              where hub_download.expires_at < now()""")
            .param("blob", blob)
            .param("holder", holder)
            .update()
        == 1;
  }

  /** Renews the lease; false where it was lost. */
  boolean renewDownload(String blob, UUID holder) {
    return statement(
                """
            update hub_download set expires_at = now() + make_interval(secs => :seconds)
            where cache = :cache and blob = :blob and holder = :holder""")
            .param("blob", blob)
            .param("holder", holder)
            .update()
        == 1;
  }

  void releaseDownload(String blob, UUID holder) {
    sql.sql("delete from hub_download where cache = :cache and blob = :blob and holder = :holder")
        .param("cache", folders.id())
        .param("blob", blob)
        .param("holder", holder)
        .update();
  }

  /** Marks a repository as in use, or renews the mark; false while it is being deleted. */
  boolean use(String name, UUID user, String owner) {
    return statement(
                """
            insert into hub_repository (cache, name, owner, users)
            values (:cache, :name, :owner,
              jsonb_build_object(:user, extract(epoch from now()) + :seconds))
            on conflict (cache, name) do update
              set users = hub_repository.users || excluded.users,
                  last_used_at = now(), deleting_by = null, deleting_until = null
              where hub_repository.deleting_until is null or hub_repository.deleting_until < now()""")
            .param("name", name)
            .param("user", user.toString())
            .param("owner", owner)
            .update()
        == 1;
  }

  void release(String name, UUID user) {
    sql.sql(
            """
            update hub_repository set users = users - :user, last_used_at = now()
            where cache = :cache and name = :name""")
        .param("cache", folders.id())
        .param("name", name)
        .param("user", user.toString())
        .update();
  }

  void measured(String name, long bytes) {
    sql.sql("update hub_repository set bytes = :bytes where cache = :cache and name = :name")
        .param("cache", folders.id())
        .param("name", name)
        .param("bytes", bytes)
        .update();
  }

  /** Starts the deletion of a repository; false where a process uses or deletes it. */
  boolean beginDelete(String name, UUID deleter) {
    return statement(
                """
            insert into hub_repository (cache, name, deleting_by, deleting_until)
            values (:cache, :name, :deleter, now() + 10 * make_interval(secs => :seconds))
            on conflict (cache, name) do update
              set deleting_by = excluded.deleting_by, deleting_until = excluded.deleting_until
              where not hub_users_at(hub_repository.users, now())
                and (hub_repository.deleting_until is null or hub_repository.deleting_until < now())""")
            .param("name", name)
            .param("deleter", deleter)
            .update()
        == 1;
  }

  boolean renewDelete(String name, UUID deleter) {
    return statement(
                """
            update hub_repository set deleting_until = now() + 10 * make_interval(secs => :seconds)
            where cache = :cache and name = :name and deleting_by = :deleter""")
            .param("name", name)
            .param("deleter", deleter)
            .update()
        == 1;
  }

  void endDelete(String name, UUID deleter) {
    sql.sql(
            "delete from hub_repository where cache = :cache and name = :name and deleting_by = :deleter")
        .param("cache", folders.id())
        .param("name", name)
        .param("deleter", deleter)
        .update();
  }

  /**
   * Repositories that no process uses or deletes, with their sizes in bytes, least recently used
   * first.
   */
  List<Map.Entry<String, Long>> idle() {
    return sql.sql(
            """
            select name, bytes from hub_repository
            where cache = :cache and not hub_users_at(users, now())
              and (deleting_until is null or deleting_until < now())
            order by last_used_at""")
        .param("cache", folders.id())
        .query((row, number) -> Map.entry(row.getString("name"), row.getLong("bytes")))
        .list();
  }

  /** Bytes of the repositories that this owner's requests downloaded. */
  long bytesOf(String owner) {
    return sql.sql(
            "select coalesce(sum(bytes), 0) from hub_repository where cache = :cache and owner = :owner")
        .param("cache", folders.id())
        .param("owner", owner)
        .query(Long.class)
        .single();
  }

  private JdbcClient.StatementSpec statement(String text) {
    return sql.sql(text).param("cache", folders.id()).param("seconds", seconds);
  }
}
