package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alphaquant.quantize.LayerResult;
import org.alphaquant.quantize.LinearReport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerFilesTest {

  @TempDir Path folder;

  private LayerFiles layers;
  private Path record;

  @BeforeEach
  void writeALayer() {
    layers = new LayerFiles(folder.resolve("layers"));
    record = folder.resolve("layers/layer-00000.json");
    LayerResult result = new LayerResult();
    result.add(new LinearReport("m", 0.5, 0.25, 3, 0.01, null, 7));
    layers.write(0, result);
  }

  @Test
  void aFinishedLayerIsReadBack() {
    assertThat(layers.has(0)).isTrue();
    assertThat(layers.has(1)).isFalse();
    assertThat(layers.read(0).version()).isEqualTo(LayerRecord.VERSION);
    assertThat(layers.read(0).linears()).extracting(LinearReport::checksum).containsExactly(7L);
    assertThat(folder.resolve("layers").toFile().list())
        .containsExactlyInAnyOrder("layer-00000.json", "layer-00000.safetensors");
  }

  /** As a power cut leaves a file that was renamed but not forced to the disk. */
  @Test
  void aRecordWithoutItsContentIsNoFinishedLayer() throws IOException {
    for (String content : List.of("", Files.readString(record).substring(0, 40))) {
      Files.writeString(record, content);
      assertThat(layers.has(0)).as(content).isFalse();
    }
  }

  @Test
  void aRecordOfAnotherFormIsNotTakenOver() throws IOException {
    String now = Files.readString(record);
    String version = "\"version\":" + LayerRecord.VERSION;
    assertThat(now).contains(version);
    Files.writeString(record, now.replace(version + ",", ""));
    assertThat(layers.has(0)).isFalse();
    Files.writeString(record, now.replace(version, "\"version\":1"));
    assertThat(layers.has(0)).isFalse();
  }
}
