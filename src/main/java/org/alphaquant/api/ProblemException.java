package org.alphaquant.api;

import java.util.List;
import org.springframework.http.HttpHeaders;

/** Ends a request with a problem. */
final class ProblemException extends RuntimeException {

  private final ProblemType type;
  private final transient List<Fault> faults;
  private final transient HttpHeaders headers;

  ProblemException(ProblemType type, String detail) {
    this(type, detail, List.of(), new HttpHeaders());
  }

  ProblemException(ProblemType type, List<Fault> faults) {
    this(type, summary(faults), faults, new HttpHeaders());
  }

  ProblemException(ProblemType type, String detail, List<Fault> faults, HttpHeaders headers) {
    super(detail);
    this.type = type;
    this.faults = List.copyOf(faults);
    this.headers = headers;
  }

  ProblemType type() {
    return type;
  }

  List<Fault> faults() {
    return faults;
  }

  HttpHeaders headers() {
    return headers;
  }

  private static String summary(List<Fault> faults) {
    String first = faults.get(0).sentence();
    return faults.size() == 1 ? first : faults.size() + " faults; the first: " + first;
  }
}
