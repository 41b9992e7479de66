package org.alphaquant.fault;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/**
 * Somebody who wants models quantized whatever happens: posts a job, sometimes twice, sometimes
 * cancels it, follows it to its end, and fetches the result.
 */
final class Customer implements Callable<List<Customer.Outcome>> {
  private static final double TWICE = 0.3;
  private static final double CANCELLED = 0.25;
  private static final int LATEST_CANCEL_MILLIS = 4000;

  private final Client client;
  private final List<String> specs;
  private final Random random;
  private final BooleanSupplier open;

  /**
   * What a customer got.
   *
   * @param numbers of the events, as they came
   * @param streams how many it took to see them all
   * @param wholeFiles SHA-256 of the weights as downloaded; null without a result
   * @param pieces parts of files that were fetched by ranges
   */
  record Outcome(
      String id,
      String spec,
      String state,
      boolean cancelAsked,
      List<Long> numbers,
      int streams,
      String weights,
      int pieces) {}

  /**
   * @param open whether to post another job
   */
  Customer(Client client, List<String> specs, long seed, BooleanSupplier open) {
    this.client = client;
    this.specs = specs;
    this.random = new Random(seed);
    this.open = open;
  }

  @Override
  public List<Outcome> call() throws Exception {
    List<Outcome> outcomes = new ArrayList<>();
    while (open.getAsBoolean()) {
      outcomes.add(job(specs.get(random.nextInt(specs.size())), random.nextDouble() < CANCELLED));
    }
    return outcomes;
  }

  Outcome job(String spec, boolean cancel) throws Exception {
    String id = create(spec);
    CompletableFuture<Void> cancelled = cancel ? cancelLater(id) : null;
    Follower follower = new Follower(client, id).follow();
    if (cancelled != null) {
      cancelled.get(5, TimeUnit.MINUTES);
    }
    JsonNode job = client.get("/v1/jobs/" + id);
    String state = job.get("state").asString();
    String weights = null;
    int pieces = 0;
    if (state.equals("SUCCEEDED")) {
      for (JsonNode artifact : client.get("/v1/jobs/" + id + "/artifacts").get("data")) {
        Download download = download(id, artifact);
        pieces += download.pieces();
        if (artifact.get("name").asString().equals("model.safetensors")) {
          weights = artifact.get("sha256").asString();
        }
      }
    }
    return new Outcome(
        id, spec, state, cancel, follower.numbers(), follower.streams(), weights, pieces);
  }

  private Download download(String id, JsonNode artifact) throws InterruptedException {
    String name = artifact.get("name").asString();
    Download download = new Download(client, "/v1/jobs/" + id + "/artifacts/" + name);
    String sha256 = download.fetch(artifact.get("bytes").asLong());
    if (!sha256.equals(artifact.get("sha256").asString())) {
      throw new AssertionError("%s of job %s came as %s".formatted(name, id, sha256));
    }
    return download;
  }

  private String create(String spec) throws InterruptedException {
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    String key = HexFormat.of().formatHex(bytes);
    String id = client.create(spec, key);
    if (random.nextDouble() < TWICE) {
      String again = client.create(spec, key);
      if (!again.equals(id)) {
        throw new AssertionError("one key made two jobs: %s, %s".formatted(id, again));
      }
    }
    return UUID.fromString(id).toString();
  }

  private CompletableFuture<Void> cancelLater(String id) {
    Executor later =
        CompletableFuture.delayedExecutor(
            random.nextInt(LATEST_CANCEL_MILLIS), TimeUnit.MILLISECONDS);
    return CompletableFuture.runAsync(
        () -> {
          try {
            client.cancel(id);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        },
        later);
  }
}
