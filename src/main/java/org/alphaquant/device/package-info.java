/** The processors that this machine offers for running models. */
package org.alphaquant.device;
