/** Mellum 2. */
package org.alphaquant.model.mellum;
