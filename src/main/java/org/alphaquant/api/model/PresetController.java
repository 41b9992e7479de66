package org.alphaquant.api.model;

import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.scheme.Preset;
import org.alphaquant.scheme.Presets;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Lists the built-in presets. */
@RestController
@RequestMapping(path = "/v1/presets", produces = MediaType.APPLICATION_JSON_VALUE)
class PresetController {

  @GetMapping
  PresetList list() {
    return new PresetList(Presets.all());
  }

  @GetMapping("/{name}")
  Preset get(@PathVariable String name) {
    return Presets.named(name).orElseThrow(() -> unknown(name));
  }

  private static ProblemException unknown(String name) {
    List<String> known = Presets.all().stream().map(Preset::name).toList();
    return new ProblemException(
        ProblemType.NOT_FOUND,
        "There is no preset '%s'; there are %s.".formatted(name, String.join(", ", known)));
  }

  record PresetList(List<Preset> data) {}
}
