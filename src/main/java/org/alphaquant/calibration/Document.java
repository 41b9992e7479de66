package org.alphaquant.calibration;

/**
 * One text of a source.
 *
 * @param marked whether its special tokens are written in it already, as a chat template does
 */
record Document(String text, boolean marked) {

  static Document plain(String text) {
    return new Document(text, false);
  }
}
