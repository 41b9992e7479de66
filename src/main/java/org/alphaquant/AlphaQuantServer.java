package org.alphaquant;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The service: REST API, job queue and quantization workers in one program. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class AlphaQuantServer {

  public static void main(String[] arguments) {
    if (arguments.length > 0 && arguments[0].equals(CreateKey.NAME)) {
      System.exit(CreateKey.run(arguments, System.out, System.err));
    }
    SpringApplication.run(AlphaQuantServer.class, arguments);
  }
}
