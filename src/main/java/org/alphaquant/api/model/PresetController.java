package org.alphaquant.api.model;

import java.util.List;
import org.alphaquant.scheme.Preset;
import org.alphaquant.scheme.Presets;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The configurations that come with the service. */
@RestController
class PresetController {

  @GetMapping(path = "/v1/presets", produces = MediaType.APPLICATION_JSON_VALUE)
  PresetList list() {
    return new PresetList(Presets.all());
  }

  record PresetList(List<Preset> data) {}
}
