/** AMD Quark's layout of MX formats, the one that packs MXFP6; read by vLLM. */
package org.alphaquant.storage.quark;
