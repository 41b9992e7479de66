/** The Ernie45Moe family. */
package org.alphaquant.model.ernie45moe;
