/** The DeepseekV32 family. */
package org.alphaquant.model.deepseekv32;
