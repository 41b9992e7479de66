/** The GraniteMoeShared family. */
package org.alphaquant.model.granitemoeshared;
