/** The FlexOlmo family. */
package org.alphaquant.model.flexolmo;
