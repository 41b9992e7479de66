package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Map;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** What is stored, by whom. */
class StorageApiTest {

  @Test
  void anOwnerSeesItsOwnStorageAndAnAdministratorEverybodys() {
    try (RunningServer server = new RunningServer()) {
      KeyRing keys = server.get(KeyRing.class);
      String[] ann = bearer(keys.create("ann", EnumSet.of(Scope.READ, Scope.WRITE), null, null));
      String[] bob = bearer(keys.create("bob", EnumSet.of(Scope.READ, Scope.WRITE), null, null));
      String[] root = bearer(keys.create("root", EnumSet.of(Scope.READ, Scope.ADMIN), null, null));
      TestWorker worker = new TestWorker(server);
      worker.succeed(post(server, ann), Map.of("a.json", "12345", "sub/b.txt", "123"));
      worker.succeed(post(server, ann), Map.of("a.json", "12"));
      post(server, bob);
      JdbcClient sql = server.get(JdbcClient.class);
      sql.sql(
              "insert into uploaded_file values (gen_random_uuid(), 'bob', 'f', 70, 'x', now(), now())")
          .update();
      sql.sql(
              "insert into hub_repository (cache, name, owner, bytes) values"
                  + " (gen_random_uuid(), 'models--a--b', 'ann', 100), (gen_random_uuid(), 'models--c--d', null, 1000)")
          .update();

      JsonNode all = storage(server, root);
      assertThat(all.at("/data").valueStream().map(it -> it.path("owner").asString("")))
          .containsExactly("", "ann", "bob");
      assertThat(all.at("/total").toString())
          .isEqualTo("{\"jobs\":2,\"result_bytes\":10,\"file_bytes\":70,\"model_bytes\":1100}");
      assertThat(all.at("/disk/free_bytes").asLong()).isPositive();
      JsonNode own = storage(server, ann);
      assertThat(own.at("/data").toString())
          .isEqualTo(
              "[{\"owner\":\"ann\",\"jobs\":2,\"result_bytes\":10,\"file_bytes\":0,\"model_bytes\":100}]");
      assertThat(own.has("total")).isFalse();
      assertThat(own.has("disk")).isFalse();
      assertThat(server.http().get("/v1/storage").status()).isEqualTo(401);
    }
  }

  private static JsonNode storage(RunningServer server, String[] as) {
    Answer answer = server.http().get("/v1/storage", as);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static String post(RunningServer server, String[] as) {
    return server.http().postJson("/v1/jobs", "{\"model\": \"m\"}", as).at("/id");
  }

  private static String[] bearer(KeyRing.NewKey key) {
    return new String[] {"Authorization", "Bearer " + key.text()};
  }
}
