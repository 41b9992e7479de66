package org.alphaquant.storage.gguf;

/** What the engine stores in place of a vector's numbers. */
enum Change {
  /** The numbers themselves. */
  NONE {
    @Override
    float apply(float value) {
      return value;
    }

    @Override
    float undo(float stored) {
      return stored;
    }
  },
  /** Norms that multiply by 1 + w. */
  PLUS_ONE {
    @Override
    float apply(float value) {
      return value + 1;
    }

    @Override
    float undo(float stored) {
      return stored - 1;
    }
  },
  /** Decay rates of recurrent layers, of which models store the logarithm. */
  NEGATIVE_EXPONENTIAL {
    @Override
    float apply(float value) {
      return (float) -Math.exp(value);
    }

    @Override
    float undo(float stored) {
      return (float) Math.log(-stored);
    }
  };

  abstract float apply(float value);

  abstract float undo(float stored);
}
