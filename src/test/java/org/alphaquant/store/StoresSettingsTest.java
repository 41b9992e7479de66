package org.alphaquant.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** Stores as Compose, the chart and files name them. */
class StoresSettingsTest {

  @TempDir Path folder;

  private static StoreSettings bound(Map<String, Object> variables) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(
            new SystemEnvironmentPropertySource(
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
    return new Binder(ConfigurationPropertySources.get(environment))
        .bind("alphaquant", StoresSettings.class)
        .get()
        .stores()
        .get("s3");
  }

  @Test
  void variablesNameAStore() {
    Map<String, Object> variables =
        Map.of(
            "ALPHAQUANT_STORES_S3_ENDPOINT", "http://s3:9000",
            "ALPHAQUANT_STORES_S3_BUCKET", "models",
            "ALPHAQUANT_STORES_S3_ACCESSKEY", "name",
            "ALPHAQUANT_STORES_S3_SECRETKEY", "key",
            "ALPHAQUANT_STORES_S3_PUBLICENDPOINT", "https://s3.example.org");
    StoreSettings store = bound(variables);
    assertThat(store.endpoint()).hasToString("http://s3:9000");
    assertThat(store.bucket()).isEqualTo("models");
    assertThat(store.secretKey()).isEqualTo("key");
    assertThat(store.publicEndpoint()).hasToString("https://s3.example.org");
    assertThat(store.streams()).isEqualTo(4);
  }

  @Test
  void aKeyThatIsReplacedInItsFileIsUsedAtOnce() throws Exception {
    Path access = Files.writeString(folder.resolve("access"), "name\n");
    Path secret = Files.writeString(folder.resolve("secret"), "first\n");
    StoreSettings store =
        bound(
            Map.of(
                "ALPHAQUANT_STORES_S3_ACCESSKEYFILE", access.toString(),
                "ALPHAQUANT_STORES_S3_SECRETKEYFILE", secret.toString()));
    assertThat(store.secretKey()).isEqualTo("first");
    Files.writeString(secret, "second\n");
    assertThat(store.secretKey()).isEqualTo("second");
  }

  @Test
  void whatCannotWorkIsRefusedByName() {
    assertThatThrownBy(() -> bound(Map.of("ALPHAQUANT_STORES_S3_BUCKET", "models")))
        .rootCause()
        .hasMessageContaining("alphaquant.stores.s3.access-key is not set");
    Map<String, Object> small =
        new HashMap<>(
            Map.of(
                "ALPHAQUANT_STORES_S3_CREDENTIALS", "none",
                "ALPHAQUANT_STORES_S3_PARTSIZE", "1MB"));
    assertThatThrownBy(() -> bound(small))
        .rootCause()
        .hasMessageContaining("alphaquant.stores.s3.part-size");
    small.put("ALPHAQUANT_STORES_S3_PARTSIZE", "8MB");
    assertThat(bound(small).credentials()).isEqualTo(StoreSettings.Credentials.NONE);
  }
}
