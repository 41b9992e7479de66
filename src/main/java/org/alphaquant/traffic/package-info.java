/**
 * Fits calibration to the experts that real traffic uses: counts by layer and expert, and weights
 * of tokens under which the calibration text is routed like the traffic.
 */
package org.alphaquant.traffic;
