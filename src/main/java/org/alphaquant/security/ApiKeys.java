package org.alphaquant.security;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The SQL statements about keys. */
@Component
class ApiKeys {

  private static final String SHOWN =
      "id, owner, name, scopes, created_at, expires_at, revoked_at, last_used_at";

  private final JdbcClient sql;

  ApiKeys(JdbcClient sql) {
    this.sql = sql;
  }

  ApiKey insert(KeyText text, String owner, Set<Scope> scopes, String name, Instant expiresAt) {
    return sql.sql(
            """
                insert into api_key (id, secret_sha256, owner, scopes, name, expires_at)
                values (:id, :sha256, :owner, string_to_array(:scopes, ','), :name, :expires)
                returning\s"""
                + SHOWN)
        .param("id", text.id())
        .param("sha256", text.secretSha256())
        .param("owner", owner)
        .param("scopes", scopes.stream().map(Scope::word).collect(Collectors.joining(",")))
        .param("name", name)
        .param("expires", expiresAt == null ? null : expiresAt.atOffset(ZoneOffset.UTC))
        .query(ApiKeys::key)
        .single();
  }

  /** Creates this key unless it exists, revoked or not. */
  boolean admit(KeyText text, String owner, Set<Scope> scopes, String name) {
    List<byte[]> known =
        sql.sql("select secret_sha256 from api_key where id = ?")
            .param(text.id())
            .query((row, number) -> row.getBytes(1))
            .list();
    if (known.isEmpty()) {
      insert(text, owner, scopes, name, null);
    } else if (!text.matches(known.get(0))) {
      throw new IllegalArgumentException("another key has the id " + text.id());
    }
    return known.isEmpty();
  }

  /** All keys, revoked ones too, newest first. */
  List<ApiKey> list() {
    return sql.sql("select " + SHOWN + " from api_key order by created_at desc, id")
        .query(ApiKeys::key)
        .list();
  }

  /** Revokes a key; empty if there is none with this id. */
  Optional<ApiKey> revoke(String id) {
    return sql.sql(
            "update api_key set revoked_at = coalesce(revoked_at, now()) where id = ? returning "
                + SHOWN)
        .param(id)
        .query(ApiKeys::key)
        .optional();
  }

  /** Whether a key was ever created. */
  boolean exist() {
    return sql.sql("select exists (select 1 from api_key)").query(Boolean.class).single();
  }

  /** The key with this text, if it is valid now. */
  Optional<ApiKey> authenticate(KeyText text) {
    return sql.sql(
            "select secret_sha256, "
                + SHOWN
                + " from api_key where id = ? and revoked_at is null"
                + " and (expires_at is null or expires_at > now())")
        .param(text.id())
        .query(
            (row, number) -> text.matches(row.getBytes("secret_sha256")) ? key(row, number) : null)
        .optional();
  }

  /** The ids of those keys that are valid now. */
  Set<String> valid(List<String> ids) {
    return Set.copyOf(
        sql.sql(
                "select id from api_key where id in (:ids) and revoked_at is null"
                    + " and (expires_at is null or expires_at > now())")
            .param("ids", ids)
            .query(String.class)
            .list());
  }

  /** Records the time of use, at most once a minute. */
  void used(String id) {
    sql.sql(
            """
            update api_key set last_used_at = now()
            where id = ? and (last_used_at is null or last_used_at < now() - interval '1 minute')
            """)
        .param(id)
        .update();
  }

  private static ApiKey key(ResultSet row, int number) throws SQLException {
    return new ApiKey(
        row.getString("id"),
        row.getString("owner"),
        row.getString("name"),
        scopes(row.getArray("scopes")),
        time(row, "created_at"),
        time(row, "expires_at"),
        time(row, "revoked_at"),
        time(row, "last_used_at"));
  }

  private static Set<Scope> scopes(Array words) throws SQLException {
    return Arrays.stream((String[]) words.getArray()).map(Scope::of).collect(Collectors.toSet());
  }

  private static Instant time(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }
}
