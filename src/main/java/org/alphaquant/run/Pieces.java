package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.StoredResult;

/** Locates the pieces of a plan in a stored result. */
final class Pieces {

  private final Map<String, Long> bytes = new HashMap<>();
  private final Map<String, Place> places = new HashMap<>();

  /** A piece's tensor and its index there. */
  private record Place(PlannedTensor tensor, int index) {}

  Pieces(Plan plan) {
    for (TensorInfo tensor : plan.content().plain()) {
      bytes.put(tensor.name(), tensor.bytes());
    }
    for (ModuleScheme module : plan.content().quantized()) {
      for (Plane plane : plan.format().planes(module, plan.dtype())) {
        bytes.put(module.name() + "." + plane.suffix(), plane.bytes());
      }
    }
    for (PlannedTensor tensor : plan.tensors()) {
      for (int i = 0; i < tensor.pieces().size(); i++) {
        places.put(tensor.pieces().get(i), new Place(tensor, i));
      }
    }
  }

  /** The stored bytes of a piece. */
  List<ByteBuffer> read(StoredResult result, String piece) {
    Place place = places.get(piece);
    if (place == null) {
      throw new IllegalArgumentException(piece + " is no piece of the plan");
    }
    List<ByteBuffer> stored = result.bytes(place.tensor.name());
    return place.tensor.assembly().piece(place.index, sizes(place.tensor), stored);
  }

  private long[] sizes(PlannedTensor tensor) {
    return tensor.pieces().stream().mapToLong(bytes::get).toArray();
  }
}
