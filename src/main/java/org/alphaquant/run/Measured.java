package org.alphaquant.run;

import java.util.List;
import org.alphaquant.measure.Losses;

/**
 * The figures of one model.
 *
 * @param losses on the text; null without a text
 * @param answers whether each question was answered correctly; null without questions
 * @param compared windows whose outputs were kept to compare another model with
 */
record Measured(Losses losses, List<Boolean> answers, int compared) {}
