package org.alphaquant.api.edge;

import org.alphaquant.security.AllowedHosts;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.context.annotation.Bean;

/** The management port has filters of its own, and answers to the same names. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ManagementHosts {

  @Bean
  HostFilter managementHostFilter(AllowedHosts hosts) {
    return new HostFilter(hosts);
  }
}
