package org.alphaquant.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Where to go from the root of the API; needs no key. */
@RestController
class ApiIndexController {
  private static final String VERSION =
      Optional.ofNullable(ApiIndexController.class.getPackage().getImplementationVersion())
          .orElse("development");

  @GetMapping(path = "/v1", produces = MediaType.APPLICATION_JSON_VALUE)
  ApiIndex index() {
    Map<String, String> links = new LinkedHashMap<>();
    links.put("contract", "/openapi.yaml");
    links.put("explorer", "/api.html");
    links.put("dashboard", "/");
    links.put("jobs", "/v1/jobs");
    links.put("plans", "/v1/plans");
    links.put("presets", "/v1/presets");
    links.put("models", "/v1/models");
    return new ApiIndex("AlphaQuant Server", VERSION, links);
  }

  /**
   * The service's entry point.
   *
   * @param version of the program
   * @param links paths by their purpose
   */
  record ApiIndex(String name, String version, Map<String, String> links) {}
}
