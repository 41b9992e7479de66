package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The schema of a job that editors take. */
class SchemaApiTest {

  @Test
  void itIsWholeAndSaysWhatTheContractSays() {
    JsonNode document = RunningServer.shared().http().get("/v1/schemas/job").json();
    assertThat(document.toString()).doesNotContain("#/components");
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(document);
    assertThat(schema.validate(json("{\"model\": \"m\"}"))).isEmpty();
    assertThat(
            schema.validate(
                json("{\"model\": \"m\", \"config\": {\"default\": {\"wq\": \"int4\"}}}")))
        .isEmpty();
    assertThat(schema.validate(json("{\"model\": \"m\", \"recipe\": \"alchemy\"}"))).isNotEmpty();
    assertThat(schema.validate(json("{}"))).isNotEmpty();
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }
}
