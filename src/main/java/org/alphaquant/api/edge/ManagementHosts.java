package org.alphaquant.api.edge;

import org.alphaquant.security.AllowedHosts;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.context.annotation.Bean;

/** Checks the Host header on the management port, which has separate filters. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ManagementHosts {

  @Bean
  HostFilter managementHostFilter(AllowedHosts hosts) {
    return new HostFilter(hosts);
  }
}
