package org.alphaquant.checkpoint;

/** A tensor and the bytes {@code [begin, end)} of the data section that hold it. */
record StoredTensor(TensorInfo info, long begin, long end) {}
