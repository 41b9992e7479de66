/** Solar Open. */
package org.alphaquant.model.solaropen;
