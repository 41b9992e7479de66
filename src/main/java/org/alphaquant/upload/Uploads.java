package org.alphaquant.upload;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The uploaded files. Whoever knows a file's id can use it in a job; only its owner can list or
 * delete it.
 */
public final class Uploads {

  /** Prefix of an uploaded file's name in a job. */
  public static final String SCHEME = "upload:";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  private static final String SHOWN = "id, name, bytes, sha256, created_at, expires_at";

  private final JdbcClient sql;
  private final Path folder;
  private final UploadSettings settings;
  private final Optional<UploadMirror> mirror;

  /**
   * @param mirror store for the files; empty where they stay in the folder
   */
  Uploads(JdbcClient sql, Path folder, UploadSettings settings, Optional<UploadMirror> mirror) {
    this.sql = sql;
    this.folder = folder;
    this.settings = settings;
    this.mirror = mirror;
  }

  /**
   * Stores a file.
   *
   * @param name of letters, digits, dots, underscores and hyphens
   * @throws UploadRefusedException if it is too large or holds no text
   * @throws IOException if it cannot be read or written
   */
  public UploadedFile put(String owner, String name, InputStream content) throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new UploadRefusedException(
          false,
          "name must have at most 100 letters, digits, dots, underscores and hyphens, the first a letter or digit");
    }
    UUID id = UUID.randomUUID();
    Path file = folder.resolve(id.toString()).resolve(name);
    Files.createDirectories(file.getParent());
    try {
      MessageDigest digest = sha256();
      long bytes = write(content, file, digest);
      String sha256 = HexFormat.of().formatHex(digest.digest());
      mirror.ifPresent(it -> it.put(id, name, sha256, file));
      UploadedFile kept = insert(id, owner, name, bytes, sha256);
      if (mirror.isPresent()) {
        removeHere(id);
      }
      return kept;
    } catch (IOException | RuntimeException e) {
      remove(id, name);
      throw e;
    }
  }

  private long write(InputStream content, Path file, MessageDigest digest) throws IOException {
    long bytes = 0;
    byte[] buffer = content.readNBytes(1 << 16);
    if (!TextBytes.mayBe(buffer)) {
      throw new UploadRefusedException(
          false, "the file is neither Parquet, gzip, Zstandard nor text in UTF-8");
    }
    try (OutputStream out = Files.newOutputStream(file)) {
      for (byte[] part = buffer; part.length > 0; part = content.readNBytes(1 << 16)) {
        bytes += part.length;
        if (bytes > settings.maxSize().toBytes()) {
          throw new UploadRefusedException(
              true,
              "the file has more than the limit of %d bytes (alphaquant.uploads.max-size)"
                  .formatted(settings.maxSize().toBytes()));
        }
        digest.update(part);
        out.write(part);
      }
    }
    return bytes;
  }

  private UploadedFile insert(UUID id, String owner, String name, long bytes, String sha256) {
    return sql.sql(
            """
            insert into uploaded_file (id, owner, name, bytes, sha256, expires_at)
            select :id, :owner, :name, :bytes, :sha256, now() + make_interval(secs => :keep)
            where (select coalesce(sum(bytes), 0) from uploaded_file where owner = :owner) + :bytes <= :limit
            returning\s"""
                + SHOWN)
        .param("id", id)
        .param("owner", owner)
        .param("name", name)
        .param("bytes", bytes)
        .param("sha256", sha256)
        .param("keep", settings.keep().toMillis() / 1000.0)
        .param("limit", settings.maxOwnerSize().toBytes())
        .query(Uploads::read)
        .optional()
        .orElseThrow(
            () ->
                new UploadRefusedException(
                    true,
                    "the files of '%s' would have more than the limit of %d bytes in all (alphaquant.uploads.max-owner-size)"
                        .formatted(owner, settings.maxOwnerSize().toBytes())));
  }

  private static UploadedFile read(ResultSet row, int number) throws SQLException {
    UUID id = row.getObject("id", UUID.class);
    return new UploadedFile(
        id,
        SCHEME + id,
        row.getString("name"),
        row.getLong("bytes"),
        row.getString("sha256"),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        row.getObject("expires_at", OffsetDateTime.class).toInstant());
  }

  /** The files of an owner, newest first. */
  public List<UploadedFile> list(String owner) {
    return sql.sql(
            "select "
                + SHOWN
                + " from uploaded_file where owner = :owner and expires_at > now()"
                + " order by created_at desc, id")
        .param("owner", owner)
        .query(Uploads::read)
        .list();
  }

  /** The file that a job names; empty if it does not exist or has expired. */
  public Optional<UploadedFile> find(String source) {
    Optional<UUID> id = id(source);
    return id.flatMap(
        it ->
            sql.sql("select " + SHOWN + " from uploaded_file where id = :id and expires_at > now()")
                .param("id", it)
                .query(Uploads::read)
                .optional());
  }

  private static Optional<UUID> id(String source) {
    try {
      return source.startsWith(SCHEME)
          ? Optional.of(UUID.fromString(source.substring(SCHEME.length())))
          : Optional.empty();
    } catch (IllegalArgumentException notOne) {
      return Optional.empty();
    }
  }

  /** The file's path on this machine; nothing is there if a store keeps it. */
  public Path path(UploadedFile file) {
    return folder.resolve(file.id().toString()).resolve(file.name());
  }

  /** Deletes a file of an owner; false where there is none. */
  public boolean delete(String owner, UUID id) throws IOException {
    Optional<String> name =
        sql.sql("delete from uploaded_file where id = :id and owner = :owner returning name")
            .param("id", id)
            .param("owner", owner)
            .query(String.class)
            .optional();
    if (name.isPresent()) {
      remove(id, name.get());
    }
    return name.isPresent();
  }

  /** Deletes expired files. */
  void sweep() throws IOException {
    List<UploadedFile> ended =
        sql.sql("delete from uploaded_file where expires_at <= now() returning " + SHOWN)
            .query(Uploads::read)
            .list();
    for (UploadedFile file : ended) {
      remove(file.id(), file.name());
    }
  }

  private void remove(UUID id, String name) throws IOException {
    removeHere(id);
    mirror.ifPresent(it -> it.delete(id, name));
  }

  private void removeHere(UUID id) throws IOException {
    Path own = folder.resolve(id.toString());
    if (Files.isDirectory(own)) {
      try (var files = Files.list(own)) {
        for (Path file : files.toList()) {
          Files.deleteIfExists(file);
        }
      }
      Files.deleteIfExists(own);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
