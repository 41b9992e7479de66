package org.alphaquant.api.edge;

import java.net.URI;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/** Addresses of what a request has made, also where the service is below a path. */
public final class Locations {
  private Locations() {}

  public static URI of(String path) {
    String context = ServletUriComponentsBuilder.fromCurrentContextPath().build().getPath();
    return URI.create(context == null ? path : context + path);
  }
}
