/** MXFP4 stacks, as gpt-oss publishes them. */
package org.alphaquant.storage.source.mxfp4;
