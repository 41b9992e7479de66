package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.alphaquant.server.ServerSettings;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Names and defaults of properties are a promise to whoever has a configuration file. */
class WorkerSettingsTest {

  @Test
  void theDefaultsAreThoseOfTheDocumentation() {
    assertThat(bind(Map.of()))
        .isEqualTo(
            new WorkerSettings(
                List.of("auto"),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                3,
                Duration.ofSeconds(30),
                Duration.ofMinutes(2),
                Duration.ofSeconds(60),
                Duration.ofSeconds(20),
                Duration.ofSeconds(5),
                Duration.ofSeconds(1)));
  }

  @Test
  void devicesAreAList() {
    assertThat(bind(Map.of("alphaquant.worker.devices", "cuda:0,cuda:1")).devices())
        .containsExactly("cuda:0", "cuda:1");
  }

  @Test
  void whatCannotBeIsRefusedByName() {
    assertRefused("alphaquant.worker.devices", "gpu0", "has \"gpu0\" but must be auto");
    assertRefused("alphaquant.worker.devices", "auto,cpu", "must be auto alone");
    assertRefused("alphaquant.worker.lease", "10s", "must be at least twice renew-every");
    assertRefused("alphaquant.worker.lost-leases", "0", "must be at least 1");
  }

  @Test
  void aNamedGpuThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> new ConfiguredSlots(List.of("cuda:97"), () -> true))
        .hasMessageContaining("cuda:97");
    assertThat(new ConfiguredSlots(List.of("cpu"), () -> true).all())
        .singleElement()
        .satisfies(slot -> assertThat(slot.memoryBytes()).isPositive());
  }

  @Test
  void theServersOwnSettingsHaveTheirDefaults() {
    ServerSettings settings =
        new Binder(new MapConfigurationPropertySource(Map.of()))
            .bindOrCreate("alphaquant", ServerSettings.class);
    assertThat(settings.dataDir()).isAbsolute().endsWithRaw(Path.of("data"));
    assertThat(settings.role()).isEqualTo(ServerSettings.Role.ALL);
    assertThat(settings.listen()).isTrue();
  }

  private static void assertRefused(String property, String value, String message) {
    assertThatThrownBy(() -> bind(Map.of(property, value)))
        .rootCause()
        .hasMessageContaining(message);
  }

  private static WorkerSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("alphaquant.worker", WorkerSettings.class);
  }
}
