/** Granite 4. */
package org.alphaquant.model.granitemoehybrid;
