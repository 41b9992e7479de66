package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonValue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.annotation.JsonDeserialize;

/** Whether columns are quantized in decreasing order of the Hessian's diagonal. */
@JsonDeserialize(using = ActOrder.Reader.class)
public enum ActOrder {
  ALWAYS(true),
  NEVER(false),
  /** Only where it helps: with refitted scales by the error on calibration sequences held out. */
  AUTO("auto");

  private final Object json;

  ActOrder(Object json) {
    this.json = json;
  }

  @JsonValue
  Object json() {
    return json;
  }

  private static ActOrder read(JsonNode value) {
    if (value.isBoolean()) {
      return value.booleanValue() ? ALWAYS : NEVER;
    }
    if (value.isString() && value.stringValue().equals("auto")) {
      return AUTO;
    }
    throw new SpecException("act_order", value, "true, false or auto");
  }

  /** Reads it from JSON. */
  static final class Reader extends SpecValue<ActOrder> {
    Reader() {
      super(ActOrder.class);
    }

    @Override
    ActOrder of(JsonNode value) {
      return ActOrder.read(value);
    }
  }
}
