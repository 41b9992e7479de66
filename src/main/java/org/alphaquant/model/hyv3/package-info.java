/** The HyV3 family. */
package org.alphaquant.model.hyv3;
