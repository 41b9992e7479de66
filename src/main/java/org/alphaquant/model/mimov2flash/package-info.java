/** The MiMo-V2-Flash family. */
package org.alphaquant.model.mimov2flash;
