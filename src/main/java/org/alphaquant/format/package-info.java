/** Number formats: their grids, scales and packing. */
package org.alphaquant.format;
