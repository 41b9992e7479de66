/** gpt-oss. */
package org.alphaquant.model.gptoss;
