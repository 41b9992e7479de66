/** Command R7B and Command A. */
package org.alphaquant.model.cohere2;
