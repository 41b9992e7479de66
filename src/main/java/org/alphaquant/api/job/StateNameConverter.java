package org.alphaquant.api.job;

import org.springframework.core.convert.converter.Converter;
import org.springframework.stereotype.Component;

/** Reads states in query parameters, in either case. */
@Component
class StateNameConverter implements Converter<String, StateName> {

  @Override
  public StateName convert(String text) {
    for (StateName name : StateName.values()) {
      if (name.name().equalsIgnoreCase(text.strip())) {
        return name;
      }
    }
    throw new IllegalArgumentException("no state has this name");
  }
}
