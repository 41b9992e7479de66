package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Who may see the page, and where it may be: services with keys, a provider, a path in front. */
class SignInPageTest extends OnThePage {

  @Test
  void aWrongKeyIsRefusedAndARightOneIsKeptForTheTab() throws IOException {
    try (RunningServer server = new RunningServer()) {
      String key =
          server
              .get(KeyRing.class)
              .create("alice", Set.of(Scope.ADMIN, Scope.READ, Scope.WRITE), null, null)
              .text();
      browser.open(page(server, "/jobs"));
      browser.text("h2", "wants to know who you are");
      browser.isAccessible("no key");
      browser.click(".button", "Sign in");
      browser.type("input[name=key]", key.substring(0, key.length() - 4) + "AAAA");
      browser.click("button", "Use this key");
      browser.text(".notice.bad", "key");
      browser.type("input[name=key]", key);
      browser.click("button", "Use this key");
      browser.text(".empty", "No jobs yet");
      browser.text("#key-link", "Key ✓");
      theCopiedLinePostsTheJob(server, key);
      browser.run("sessionStorage.clear()");
    }
  }

  private static void theCopiedLinePostsTheJob(RunningServer server, String key)
      throws IOException {
    browser.open(page(server, "/new"));
    browser.type("input[name=model]", "it's a \"model\"");
    ProcessBuilder shell =
        new ProcessBuilder("bash", "-c", browser.text(".copy pre", "it'").getText());
    shell.environment().put("ALPHAQUANT_KEY", key);
    String answer = new String(shell.start().getInputStream().readAllBytes());
    assertThat(JsonMapper.shared().readTree(answer).path("model").asString())
        .as(answer)
        .isEqualTo("it's a \"model\"");
  }

  @Test
  void peopleSignInAtTheProviderThatTheOperatorNamed(@TempDir Path folder) throws IOException {
    try (Issuer issuer = new Issuer();
        RunningServer server = TokenTest.server(issuer.uri(), folder)) {
      browser.open(page(server, "/jobs?find=mine"));
      browser.text("h2", "wants to know who you are");
      browser.click(".button", "Sign in");
      browser.text("#provider", "Sign in at localhost");
      for (String theme : List.of("light", "dark")) {
        browser.theme(theme);
        browser.isAccessible("sign-in, " + theme);
        browser.fits("sign-in-" + theme);
      }
      browser.click("#provider", "Sign in");
      browser.click("#no", "no");
      browser.text(".toast", "The provider refused: Not today");
      browser.click("#key-link", "Sign in");
      // A token that is about to end is replaced with every request, each refresh token once.
      issuer.lifeSeconds(1);
      browser.click("#provider", "Sign in");
      browser.click("#alice", "alice");
      browser.text("#key-link", "Signed in ✓");
      browser.text("h2", "No jobs yet");
      assertThat(browser.address()).doesNotContain("code=").doesNotContain("state=");
      browser.click("nav a", "Workers");
      browser.text("h2", "Storage");
      browser.click("#key-link", "Signed in");
      browser.text("dd", "oauth2:alice");
      browser.click("button", "Sign out");
      browser.text("h2", "wants to know who you are");
      assertThat(browser.run("return sessionStorage.length")).isEqualTo(0L);
    }
  }

  @Test
  void everyViewWorksBelowTheProxysPath() {
    try (RunningServer server =
        new RunningServer(Map.of("server.servlet.context-path", "/quantize"))) {
      browser.open(server.http().base() + "/quantize/");
      browser.text(".empty", "No jobs yet");
      browser.click("nav a", "Workers");
      browser.text("h2", "Storage");
      browser.click("nav a", "New job");
      browser.text("#plan", "Plan");
      browser.click("nav a", "API");
      browser.text(".opblock-summary-path", "/v1/jobs");
      assertThat(browser.address()).contains("/quantize/api.html");
    }
  }
}
