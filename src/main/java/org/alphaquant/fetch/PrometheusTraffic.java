package org.alphaquant.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.TrafficRequest;
import org.alphaquant.job.library.TrafficReading;
import org.alphaquant.problem.Problem;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.entity.UrlEncodedFormEntity;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.message.BasicNameValuePair;
import org.apache.hc.core5.util.Timeout;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Counts of experts that a Prometheus server has, by an instant query of its HTTP API
 * (prometheus.io/docs/prometheus/latest/querying/api). Only servers that the operator named are
 * asked; no redirect is followed.
 */
final class PrometheusTraffic implements TrafficReading, AutoCloseable {

  private static final String POINTER = "/traffic/expert_counts/prometheus";
  private static final String NOT_ONE = "does not answer as a Prometheus server does";
  private static final int MOST_BYTES = 32 << 20;
  private static final Pattern NUMBER = Pattern.compile("\\d{1,6}");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final TrafficSettings settings;
  private final CloseableHttpClient http;

  PrometheusTraffic(TrafficSettings settings) {
    this.settings = settings;
    Timeout timeout = Timeout.of(settings.timeout());
    this.http =
        HttpClients.custom()
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom()
                            .setConnectTimeout(timeout)
                            .setSocketTimeout(timeout)
                            .build())
                    .build())
            .setUserAgent("alphaquant-server")
            .disableRedirectHandling()
            .disableAutomaticRetries()
            .disableCookieManagement()
            .build();
  }

  @Override
  public JobSpec read(JobSpec spec) {
    TrafficRequest traffic = spec.traffic();
    return traffic == null
        ? spec
        : traffic
            .prometheus()
            .map(asked -> spec.withTraffic(traffic.counted(counts(asked), origin(asked))))
            .orElse(spec);
  }

  private static String origin(TrafficRequest.Prometheus asked) {
    return "prometheus " + asked.url() + " " + asked.query().replaceAll("\\s+", " ");
  }

  private JsonNode counts(TrafficRequest.Prometheus asked) {
    if (!settings.allows(asked.url())) {
      throw refused(
          "/url",
          asked.url(),
          settings.prometheus().isEmpty()
              ? "no Prometheus server may be asked here (alphaquant.traffic.prometheus)"
              : "is none of the Prometheus servers that may be asked here",
          settings.prometheus());
    }
    JsonNode answer = asked(asked);
    JsonNode data = answer.path("data");
    if (!answer.path("status").asString("").equals("success")) {
      throw refused(
          "/query",
          asked.query(),
          "the server says: " + answer.path("error").asString("no reason"),
          List.of());
    }
    if (!data.path("resultType").asString("").equals("vector") || data.path("result").isEmpty()) {
      throw refused(
          "/query",
          asked.query(),
          data.path("resultType").asString("").equals("vector")
              ? "gives no series"
              : "gives a %s; it must give an instant vector"
                  .formatted(data.path("resultType").asString("nothing")),
          List.of());
    }
    ObjectNode layers = JSON.createObjectNode();
    data.get("result").forEach(series -> add(layers, series, asked));
    return layers;
  }

  // Counts of engines that serve the same model are added up.
  private static void add(ObjectNode layers, JsonNode series, TrafficRequest.Prometheus asked) {
    String layer = number(series, asked.layerLabel(), "/layer_label");
    String expert = number(series, asked.expertLabel(), "/expert_label");
    double count;
    try {
      count = Double.parseDouble(series.path("value").path(1).asString(""));
    } catch (NumberFormatException notANumber) {
      count = Double.NaN;
    }
    if (!(count >= 0 && count < Double.POSITIVE_INFINITY)) {
      throw refused(
          "/query",
          series.path("value").path(1).asString(null),
          "is the count of expert %s of layer %s; counts are 0 or more".formatted(expert, layer),
          List.of());
    }
    ObjectNode experts = layers.withObject("/" + layer);
    experts.put(expert, experts.path(expert).asDouble(0) + count);
  }

  private static String number(JsonNode series, String label, String field) {
    String value = series.path("metric").path(label).asString("");
    Matcher number = NUMBER.matcher(value);
    if (!number.find()) {
      throw refused(
          field,
          label,
          "a series has no number in this label: " + series.path("metric"),
          List.copyOf(series.path("metric").propertyNames()));
    }
    return String.valueOf(Integer.parseInt(number.group()));
  }

  private JsonNode asked(TrafficRequest.Prometheus asked) {
    HttpPost request = new HttpPost(asked.url().replaceFirst("/+$", "") + "/api/v1/query");
    request.setEntity(
        new UrlEncodedFormEntity(
            List.of(new BasicNameValuePair("query", asked.query())), StandardCharsets.UTF_8));
    try (ClassicHttpResponse response = http.executeOpen(null, request, null);
        InputStream body = response.getEntity().getContent()) {
      byte[] bytes = body.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        request.cancel();
        throw refused("/query", asked.query(), "gives more than 32 MiB", List.of());
      }
      JsonNode answer = JSON.readTree(bytes);
      if (answer.isObject()) {
        return answer;
      }
      throw refused("/url", asked.url(), NOT_ONE, List.of());
    } catch (IOException e) {
      throw refused("/url", asked.url(), "does not answer: " + e.getMessage(), List.of());
    } catch (JacksonException e) {
      throw refused("/url", asked.url(), NOT_ONE, List.of());
    }
  }

  private static RefusedException refused(
      String field, String value, String detail, List<String> allowed) {
    return new RefusedException(
        List.of(
            Problem.error("unusable-traffic", POINTER + field, value, value + " " + detail)
                .allowing(allowed)));
  }

  @Override
  public void close() throws IOException {
    http.close();
  }
}
