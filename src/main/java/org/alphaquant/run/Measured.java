package org.alphaquant.run;

import java.util.List;
import org.alphaquant.measure.Losses;

/**
 * What was measured of one model by itself.
 *
 * @param losses on the text; null where there is none
 * @param answers whether each question was answered right; null where there are none
 * @param compared windows whose outputs were kept to compare another model with
 */
record Measured(Losses losses, List<Boolean> answers, int compared) {}
