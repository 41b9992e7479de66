/** The Lfm2Moe family. */
package org.alphaquant.model.lfm2moe;
