package org.alphaquant.store;

import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The stores that jobs may name.
 *
 * @param stores each by its name, as in {@code s3://name/path}
 */
@ConfigurationProperties("alphaquant")
record StoresSettings(@DefaultValue Map<String, StoreSettings> stores) {

  StoresSettings {
    stores = Map.copyOf(stores);
    stores.forEach((name, store) -> store.check(name));
  }
}
