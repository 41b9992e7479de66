package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/** What tests of the page have in common: a browser, and a service whose jobs a test moves. */
@ExtendWith(Browser.Installed.class)
abstract class OnThePage {

  static Browser browser;
  static RunningServer scripted;

  @BeforeAll
  static void start() {
    browser = Browser.shared();
    scripted = new RunningServer();
  }

  @AfterAll
  static void stop() {
    scripted.close();
  }

  @AfterEach
  void theScriptsComplainedOfNothing() {
    browser.width(1440);
    assertThat(browser.complaints()).isEmpty();
  }

  static String post(RunningServer server, String model) {
    return server.http().postJson("/v1/jobs", "{\"model\": \"%s\"}".formatted(model)).at("/id");
  }

  static String page(RunningServer server, String view) {
    return server.http().base() + "/#" + view;
  }
}
