/** The KimiK2 family. */
package org.alphaquant.model.kimik2;
