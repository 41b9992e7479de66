package org.alphaquant.metrics;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What is measured.
 *
 * @param formerNames whether the metrics are also there under the names that began with {@code
 *     quant_}; will go with the next release
 */
@ConfigurationProperties("alphaquant.metrics")
record MetricsSettings(@DefaultValue("true") boolean formerNames) {}
