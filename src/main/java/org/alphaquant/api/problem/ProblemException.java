package org.alphaquant.api.problem;

import java.util.List;
import org.springframework.http.HttpHeaders;

/** Ends a request with a problem. */
public final class ProblemException extends RuntimeException {

  private final ProblemType type;
  private final transient List<Fault> faults;
  private final transient HttpHeaders headers;

  public ProblemException(ProblemType type, String detail) {
    this(type, detail, List.of(), new HttpHeaders());
  }

  public ProblemException(ProblemType type, List<Fault> faults) {
    this(type, summary(faults), faults, new HttpHeaders());
  }

  public ProblemException(
      ProblemType type, String detail, List<Fault> faults, HttpHeaders headers) {
    super(detail);
    this.type = type;
    this.faults = List.copyOf(faults);
    this.headers = headers;
  }

  public ProblemType type() {
    return type;
  }

  public List<Fault> faults() {
    return faults;
  }

  public HttpHeaders headers() {
    return headers;
  }

  private static String summary(List<Fault> faults) {
    String first = faults.get(0).sentence();
    return faults.size() == 1 ? first : faults.size() + " faults; the first: " + first;
  }
}
