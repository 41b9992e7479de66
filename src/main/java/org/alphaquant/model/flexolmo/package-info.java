/** FlexOlmo (arXiv 2507.07024). */
package org.alphaquant.model.flexolmo;
