package org.alphaquant.api.edge;

import java.net.URI;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/** Values of the Location header, including the context path. */
public final class Locations {
  private Locations() {}

  public static URI of(String path) {
    String context = ServletUriComponentsBuilder.fromCurrentContextPath().build().getPath();
    return URI.create(context == null ? path : context + path);
  }
}
