package org.alphaquant.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.prepare.WrittenModel;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** A key that config.json lacks means what transformers' class of the family takes it to mean. */
class FamilyDefaultsTest {

  @TempDir private Path folder;

  private final Map<JsonNode, String> layouts = new HashMap<>();

  static List<WrittenModel> models() throws IOException {
    return WrittenModel.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aMissingKeyIsTheValueOfTransformers(WrittenModel model) throws IOException {
    model.write(WrittenModel.PUBLISHED, folder);
    SoftAssertions all = new SoftAssertions();
    for (String key : model.keysWithDefault()) {
      String without = layout(model, model.without(key));
      if (!required(key, without)) {
        all.assertThat(without)
            .as(model.name() + " without " + key)
            .isEqualTo(layout(model, model.withDefault(key)));
      }
      if (model.isList(key)) {
        all.assertThat(layout(model, model.withNull(key)))
            .as(model.name() + " with a null for " + key)
            .isEqualTo(without);
      }
    }
    all.assertAll();
  }

  // What has no default here is asked for by its name.
  private static boolean required(String key, String message) {
    String name = key.substring(key.lastIndexOf('.') + 1);
    return message.startsWith("config.json: ")
        && message.contains(" is missing")
        && message.contains(name);
  }

  // Many a fixture has the default.
  private String layout(WrittenModel model, JsonNode config) throws IOException {
    if (!layouts.containsKey(config)) {
      model.writeConfig(config, folder);
      layouts.put(config, written());
    }
    return layouts.get(config);
  }

  private String written() {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      FamilyDetection detection = FamilyDetection.of(ModelFamilies.FAMILIES, checkpoint, null);
      Blueprint blueprint = detection.family().blueprint(ModelSource.of(checkpoint));
      return blueprint.decoder()
          + "\n"
          + String.join("\n", blueprint.layers().stream().map(Object::toString).toList());
    } catch (ModelException reason) {
      return reason.getMessage();
    }
  }
}
