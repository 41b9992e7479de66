package org.alphaquant.api.edge;

import java.io.IOException;
import java.util.List;
import org.alphaquant.api.problem.ProblemDetails;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.api.problem.Problems;
import org.alphaquant.api.problem.RequestId;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.http.MediaType;

/** Answers requests that the container itself refuses, such as an illegal request line. */
final class ProblemReportValve extends ErrorReportValve {

  /** The last valve of the pipeline reports first; Tomcat's own reports only what is left. */
  static void addTo(TomcatServletWebServerFactory factory) {
    factory.addContextCustomizers(
        context -> context.getParent().getPipeline().addValve(new ProblemReportValve()));
  }

  @Override
  protected void report(Request request, Response response, Throwable throwable) {
    int status = response.getStatus();
    // Ignores responses whose body has started or whose status is no error.
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    ProblemType type = ProblemType.ofStatus(status);
    String id = RequestId.fresh();
    ProblemDetails.Request about = new ProblemDetails.Request(request.getRequestURI(), id);
    ProblemDetails problem = ProblemDetails.of(type, type.title() + ".", List.of(), about);
    try {
      response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
      response.setHeader(RequestId.HEADER, id);
      response.getOutputStream().write(Problems.body(problem));
      response.finishResponse();
    } catch (IOException e) {
      getContainer().getLogger().debug("The client left before its error was written", e);
    }
  }
}
