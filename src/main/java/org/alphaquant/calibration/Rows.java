package org.alphaquant.calibration;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The rows of a file, each a JSON object, one after the other. */
interface Rows extends AutoCloseable {

  Optional<JsonNode> next();

  /** Where the last row is, for messages. */
  String at();

  @Override
  void close();
}
