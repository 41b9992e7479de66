package org.alphaquant.cache;

import java.util.List;
import java.util.regex.Pattern;
import org.alphaquant.cache.FetchException.Kind;

/**
 * One file of a version.
 *
 * @param path below the repository, with forward slashes
 * @param size bytes of its content
 * @param blobId git's hash: of the content of a small file, of the pointer to a large one
 * @param sha256 of a large file's content; null for a small one
 * @param digest expected hash of its content; null where none is known
 */
public record RemoteFile(String path, long size, String blobId, String sha256, Digest digest) {

  /** The largest file that the hub serves over plain HTTP. */
  static final long MAX_BYTES = 50_000_000_000L;

  private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final int MAX_PATH = 1024;

  public RemoteFile {
    requireInside(path);
    if (size < 0
        || !SHA1.matcher(blobId).matches()
        || sha256 != null && !SHA256.matcher(sha256).matches()) {
      throw new FetchException(
          Kind.UNAVAILABLE, "the list of files is malformed at '%s'".formatted(path));
    }
  }

  /** A file of the hub, whose names are hashes of the content. */
  public RemoteFile(String path, long size, String blobId, String sha256) {
    this(
        path,
        size,
        blobId,
        sha256,
        sha256 == null ? Digest.git(size, blobId) : Digest.sha256(sha256));
  }

  private static void requireInside(String path) {
    boolean safe =
        !path.isEmpty()
            && path.length() <= MAX_PATH
            && path.chars().noneMatch(c -> c < ' ' || c == '\\' || c == ':' || c == 127)
            && List.of(path.split("/", -1)).stream()
                .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    if (!safe) {
      throw new FetchException(
          Kind.UNUSABLE, "a file has the unsafe path '%s'".formatted(shown(path)));
    }
  }

  private static String shown(String path) {
    String line = path.replaceAll("\\p{Cntrl}", "?");
    return line.length() > 100 ? line.substring(0, 100) + "…" : line;
  }

  /** The name of its content in a cache: the SHA-256, or git's hash of a small file. */
  public String etag() {
    return sha256 == null ? blobId : sha256;
  }
}
