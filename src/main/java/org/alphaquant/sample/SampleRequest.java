package org.alphaquant.sample;

/**
 * Which text to write.
 *
 * @param sequences how many, at least 1
 * @param length tokens of each, the given beginning among them
 * @param prompt fewest tokens of real text that one begins with, at least 1 and fewer than length
 * @param longest most tokens of real text that one begins with, at least prompt and fewer than
 *     length; how many is drawn for each
 * @param temperature what logits are divided by, above 0
 * @param seed of every choice
 */
public record SampleRequest(
    int sequences, int length, int prompt, int longest, double temperature, long seed) {

  public SampleRequest {
    require(sequences >= 1, "sequences", sequences, "at least 1");
    require(prompt >= 1, "prompt", prompt, "at least 1");
    require(longest >= prompt, "longest", longest, "at least the shortest, " + prompt);
    require(length > longest, "length", length, "above the prompt's " + longest);
    require(temperature > 0, "temperature", temperature, "above 0");
  }

  /** Text of which every sequence begins with as many real tokens. */
  public SampleRequest(int sequences, int length, int prompt, double temperature, long seed) {
    this(sequences, length, prompt, prompt, temperature, seed);
  }

  private static void require(boolean holds, String name, Object value, String limit) {
    if (!holds) {
      throw new IllegalArgumentException("%s is %s; it must be %s".formatted(name, value, limit));
    }
  }
}
