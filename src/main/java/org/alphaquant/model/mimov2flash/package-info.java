/** MiMo-V2-Flash. */
package org.alphaquant.model.mimov2flash;
