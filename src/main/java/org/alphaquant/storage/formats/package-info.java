/** The list of storage formats. */
package org.alphaquant.storage.formats;
