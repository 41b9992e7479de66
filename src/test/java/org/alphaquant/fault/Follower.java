package org.alphaquant.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Follows a job's events to their end, going on at another replica whenever a stream breaks. */
final class Follower {
  private static final int SILENCE_MILLIS = 4000;
  private static final long RETRY_MILLIS = 200;

  private final Client client;
  private final String job;
  private final List<Long> numbers = new ArrayList<>();
  private int streams;
  private boolean ended;

  Follower(Client client, String job) {
    this.client = client;
    this.job = job;
  }

  /** Returns once the job has ended and its stream with it. */
  Follower follow() throws InterruptedException {
    while (!ended) {
      try {
        read();
      } catch (IOException broken) {
        TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
      }
    }
    return this;
  }

  private void read() throws IOException {
    URI uri = URI.create(client.anyAddress() + "/v1/jobs/" + job + "/events");
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setConnectTimeout(2000);
    // Longer than the time between two heartbeats: a replica that is silent so long is gone.
    connection.setReadTimeout(SILENCE_MILLIS);
    connection.setRequestProperty("Accept", "text/event-stream");
    if (!numbers.isEmpty()) {
      connection.setRequestProperty("Last-Event-ID", Long.toString(last()));
    }
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
      streams++;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        take(line);
      }
    } finally {
      connection.disconnect();
    }
  }

  private void take(String line) {
    if (line.startsWith("id:")) {
      numbers.add(Long.parseLong(line.substring(3).strip()));
    } else if (line.startsWith("data:")) {
      ended = line.matches(".*\"state\":\"(SUCCEEDED|FAILED|CANCELLED)\".*");
    }
  }

  private long last() {
    return numbers.get(numbers.size() - 1);
  }

  /** The numbers of the events, as they came. */
  List<Long> numbers() {
    return numbers;
  }

  /** How many streams it took. */
  int streams() {
    return streams;
  }
}
