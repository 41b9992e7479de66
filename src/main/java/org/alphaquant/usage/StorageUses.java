package org.alphaquant.usage;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Adds up what is stored, from the rows that say so. */
@Component
public class StorageUses {

  private static final Duration KEEP = Duration.ofSeconds(10);

  // What nobody asked for by name, as a prefetch of the operator's, is nobody's.
  private static final String SUMS =
      """
      select coalesce(owner, '') as owner, sum(jobs) as jobs, sum(results) as results,
             sum(files) as files, sum(models) as models
      from (
        select owner, 1 as jobs,
               (select coalesce(sum(cast(it ->> 'bytes' as bigint)), 0)
                from jsonb_array_elements(result -> 'artifacts') it) as results,
               0 as files, 0 as models
        from job where state = 'SUCCEEDED' and result is not null
        union all
        select owner, 0, 0, bytes, 0 from uploaded_file
        union all
        select owner, 0, 0, 0, bytes from hub_repository) stored
      group by coalesce(owner, '')
      """;

  private final JdbcClient sql;
  private final LoadingCache<String, List<StorageUse>> sums =
      Caffeine.newBuilder().expireAfterWrite(KEEP).build(it -> ask());

  StorageUses(JdbcClient sql) {
    this.sql = sql;
  }

  /** Of every owner, the largest first; added up anew every ten seconds at most. */
  public List<StorageUse> all() {
    return sums.get("");
  }

  private List<StorageUse> ask() {
    return sql
        .sql(SUMS)
        .query(
            (row, number) ->
                new StorageUse(
                    row.getString("owner"),
                    row.getLong("jobs"),
                    row.getLong("results"),
                    row.getLong("files"),
                    row.getLong("models")))
        .list()
        .stream()
        .sorted(Comparator.comparingLong(StorageUse::bytes).reversed())
        .toList();
  }
}
