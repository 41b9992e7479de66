/** The Granite family. */
package org.alphaquant.model.granite;
