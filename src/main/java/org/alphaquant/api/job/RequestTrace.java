package org.alphaquant.api.job;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** The current request's place in its trace. */
@Component
class RequestTrace {

  private final ObjectProvider<Tracer> tracer;

  RequestTrace(ObjectProvider<Tracer> tracer) {
    this.tracer = tracer;
  }

  /** As the header {@code traceparent} of W3C Trace Context has it; null without tracing. */
  String parent() {
    Span span = tracer.stream().findFirst().map(Tracer::currentSpan).orElse(null);
    TraceContext context = span == null ? null : span.context();
    if (context == null || context.traceId().isEmpty()) {
      return null;
    }
    String flags = Boolean.TRUE.equals(context.sampled()) ? "01" : "00";
    return "00-%s-%s-%s".formatted(context.traceId(), context.spanId(), flags);
  }
}
