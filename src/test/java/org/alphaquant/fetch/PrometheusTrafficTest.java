package org.alphaquant.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.alphaquant.Waiting;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class PrometheusTrafficTest {

  private final AtomicReference<String> asked = new AtomicReference<>();
  private final AtomicReference<String> answer = new AtomicReference<>();
  private HttpServer server;
  private String url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/v1/query",
        exchange -> {
          asked.set(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          byte[] body = answer.get().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.createContext(
        "/elsewhere/api/v1/query",
        exchange -> {
          exchange.getResponseHeaders().add("Location", url + "/api/v1/query");
          exchange.sendResponseHeaders(307, -1);
          exchange.close();
        });
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort();
    answer.set(vector(series("0", "1", "5")));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void seriesOfAllEnginesBecomeTheCountsThatTheJobIsStoredWith() {
    answer.set(
        vector(
            series("model.layers.0.mlp", "0", "5"),
            series("model.layers.0.mlp", "3", "2.5"),
            series("1", "0", "0"),
            series("model.layers.0.mlp", "3", "1")));
    JobSpec read = read(url, url + "/", "");
    assertThat(read.traffic().expertCounts().toString())
        .isEqualTo("{\"0\":{\"0\":5.0,\"3\":3.5},\"1\":{\"0\":0.0}}");
    assertThat(read.traffic().origin()).isEqualTo("prometheus " + url + "/ sum(x)");
    assertThat(asked.get()).isEqualTo("query=sum%28x%29");
    assertThat(read(url, read)).isEqualTo(read);
  }

  @Test
  void aServerThatTheOperatorDidNotNameIsNotAsked() {
    assertThatThrownBy(() -> read("http://prometheus:9090", url, ""))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("is none of the Prometheus servers that may be asked here");
    assertThat(asked.get()).isNull();
    assertThatThrownBy(() -> read(url + "/elsewhere", url + "/elsewhere", ""))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("does not answer as a Prometheus server does");
    assertThat(asked.get()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"status\": \"error\", \"error\": \"parse error\"}|the server says: parse error",
        "{\"status\": \"success\", \"data\": {\"resultType\": \"matrix\", \"result\": [1]}}|gives a matrix; it must give an instant vector",
        "{\"status\": \"success\", \"data\": {\"resultType\": \"vector\", \"result\": []}}|gives no series",
        "{\"status\": \"success\", \"data\": {\"resultType\": \"vector\", \"result\": [{\"metric\": {\"layer\": \"1\"}, \"value\": [0, \"1\"]}]}}|has no number in this label",
        "{\"status\": \"success\", \"data\": {\"resultType\": \"vector\", \"result\": [{\"metric\": {\"layer\": \"1\", \"expert\": \"2\"}, \"value\": [0, \"NaN\"]}]}}|NaN is the count of expert 2 of layer 1",
        "<html>|does not answer as a Prometheus server does",
      })
  void anAnswerThatHoldsNoCountsIsRefusedByASentence(String body, String message) {
    answer.set(body);
    assertThatThrownBy(() -> read(url, url, ""))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(message);
  }

  @Test
  void labelsHaveTheNamesThatTheRequestGivesThem() {
    answer.set(vector("{\"metric\": {\"l\": \"2\", \"e\": \"7\"}, \"value\": [0, \"4\"]}"));
    assertThat(
            read(url, url, ", \"layer_label\": \"l\", \"expert_label\": \"e\"")
                .traffic()
                .expertCounts()
                .toString())
        .isEqualTo("{\"2\":{\"7\":4.0}}");
  }

  private static String series(String layer, String expert, String count) {
    return "{\"metric\": {\"layer\": \"%s\", \"expert\": \"%s\"}, \"value\": [1700000000.1, \"%s\"]}"
        .formatted(layer, expert, count);
  }

  private static String vector(String... series) {
    return "{\"status\": \"success\", \"data\": {\"resultType\": \"vector\", \"result\": [%s]}}"
        .formatted(String.join(",", series));
  }

  private static JobSpec read(String allowed, String named, String labels) {
    return read(
        allowed,
        JsonMapper.shared()
            .readValue(
                """
                {"model": "m", "traffic":
                  {"expert_counts": {"prometheus": {"url": "%s", "query": "sum(x)"%s}}}}
                """
                    .formatted(named, labels),
                JobSpec.class));
  }

  private static JobSpec read(String allowed, JobSpec spec) {
    try (PrometheusTraffic traffic =
        new PrometheusTraffic(new TrafficSettings(List.of(allowed), Waiting.LONGEST))) {
      return traffic.read(spec);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
