/** The SolarOpen family. */
package org.alphaquant.model.solaropen;
