/** The Afmoe family. */
package org.alphaquant.model.afmoe;
