/** Reports of a finished run: quantization_report.json and the model card. */
package org.alphaquant.report;
