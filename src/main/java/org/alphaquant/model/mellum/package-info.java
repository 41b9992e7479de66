/** The Mellum family. */
package org.alphaquant.model.mellum;
