package org.alphaquant.calibration;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which documents of a text are meant: all, or one of two halves that have none in common. */
public enum TextHalves {
  /** All of them. */
  WHOLE,

  /** The first half of the documents by length; of a single document, the part before a gap. */
  FIRST,

  /** Those after, but for any that the first half has too. */
  SECOND;

  /** The documents that are meant, in their order. */
  List<String> of(List<String> documents) {
    if (this == WHOLE) {
      return documents;
    }
    List<String> all = documents.size() == 1 ? cut(documents.get(0)) : documents;
    int first = firstHalf(all);
    if (this == FIRST) {
      return all.subList(0, first);
    }
    Set<Long> seen = new HashSet<>();
    all.subList(0, first).forEach(document -> DocumentDigest.collect(document, seen));
    return all.subList(first, all.size()).stream()
        .filter(document -> !isAmong(seen, document))
        .toList();
  }

  private static boolean isAmong(Set<Long> seen, String document) {
    Set<Long> own = new HashSet<>();
    DocumentDigest.collect(document, own);
    return !own.isEmpty() && seen.containsAll(own);
  }

  // Ends before the document that contains the middle, so that at least one document remains.
  private static int firstHalf(List<String> documents) {
    long whole = documents.stream().mapToLong(String::length).sum();
    long sum = 0;
    for (int i = 0; i < documents.size(); i++) {
      sum += documents.get(i).length();
      if (2 * sum >= whole) {
        return Math.max(1, Math.min(documents.size() - 1, i + 1));
      }
    }
    return documents.size();
  }

  // Behind the first blank line of the second half, else its first line, else its first space.
  private static List<String> cut(String text) {
    for (String gap : List.of("\n\n", "\n", " ")) {
      int at = text.indexOf(gap, text.length() / 2);
      if (at >= 0 && at + gap.length() < text.length()) {
        return List.of(text.substring(0, at + gap.length()), text.substring(at + gap.length()));
      }
    }
    return List.of(text);
  }
}
