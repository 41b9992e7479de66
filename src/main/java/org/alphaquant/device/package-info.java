/** The compute devices of this machine. */
package org.alphaquant.device;
