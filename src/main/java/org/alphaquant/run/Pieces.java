package org.alphaquant.run;

import java.nio.ByteBuffer;
import java.util.ArrayList;
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
  private final Map<String, List<Place>> places = new HashMap<>();

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
        places
            .computeIfAbsent(tensor.pieces().get(i), key -> new ArrayList<>())
            .add(new Place(tensor, i));
      }
    }
  }

  /** The stored bytes of a piece. */
  List<ByteBuffer> read(StoredResult result, String piece) {
    List<Place> found = places.get(piece);
    if (found == null) {
      throw new IllegalArgumentException(piece + " is no piece of the plan");
    }
    if (found.size() == 1) {
      Place only = found.get(0);
      return only.tensor.assembly().piece(only.index, sizes(only.tensor), stored(result, only));
    }
    ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(bytes.get(piece)));
    for (Place place : found) {
      place.tensor.assembly().put(place.index, sizes(place.tensor), stored(result, place), whole);
    }
    return List.of(whole);
  }

  private static List<ByteBuffer> stored(StoredResult result, Place place) {
    return result.bytes(place.tensor.name());
  }

  private long[] sizes(PlannedTensor tensor) {
    return tensor.pieces().stream().mapToLong(bytes::get).toArray();
  }
}
