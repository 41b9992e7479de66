/** The GraniteMoeHybrid family. */
package org.alphaquant.model.granitemoehybrid;
