package org.alphaquant.model.design;

/** What RMSNorm does to queries and keys before they are rotated. */
public enum QueryKeyNorm {
  NONE,
  /** Every head's vector on its own, one weight [D] for all heads. */
  PER_HEAD,
  /** The whole projection before it is split into heads. */
  WHOLE
}
