/** What a finished run says of itself: quantization_report.json and the model card. */
package org.alphaquant.report;
