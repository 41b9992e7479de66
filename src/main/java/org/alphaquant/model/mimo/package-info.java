/** MiMo-7B. */
package org.alphaquant.model.mimo;
