package org.alphaquant.api.problem;

import java.util.List;
import org.alphaquant.problem.Problem;
import org.springframework.http.HttpHeaders;

/** Ends a request with a problem. */
public final class ProblemException extends RuntimeException {

  private final ProblemType type;
  private final transient List<Problem> faults;
  private final transient HttpHeaders headers;

  public ProblemException(ProblemType type, String detail) {
    this(type, detail, List.of(), new HttpHeaders());
  }

  public ProblemException(ProblemType type, List<Problem> faults) {
    this(type, summary(faults), faults, new HttpHeaders());
  }

  public ProblemException(
      ProblemType type, String detail, List<Problem> faults, HttpHeaders headers) {
    super(detail);
    this.type = type;
    this.faults = List.copyOf(faults);
    this.headers = headers;
  }

  /** The fault of a query parameter that a request does not have. */
  public static Problem unknownParameter(String name, String value, List<String> allowed) {
    String has = allowed.isEmpty() ? "has none" : "has " + String.join(", ", allowed);
    return Problem.error(
            "unknown-parameter", name, value, "is not a parameter of this request, which " + has)
        .allowing(allowed);
  }

  public ProblemType type() {
    return type;
  }

  public List<Problem> faults() {
    return faults;
  }

  public HttpHeaders headers() {
    return headers;
  }

  private static String summary(List<Problem> faults) {
    String first = sentence(faults.get(0));
    return faults.size() == 1 ? first : faults.size() + " faults; the first: " + first;
  }

  private static String sentence(Problem fault) {
    String value = String.valueOf(fault.value());
    // Only what must be otherwise is completed by what it is; other details are whole sentences.
    boolean told =
        fault.value() == null
            || !fault.detail().startsWith("must")
            || fault.detail().contains(value);
    return (fault.pointer().isEmpty() ? "the body" : fault.pointer())
        + " "
        + fault.detail()
        + (told ? "" : ", but is " + value);
  }
}
