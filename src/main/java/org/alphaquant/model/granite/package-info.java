/** Granite. */
package org.alphaquant.model.granite;
