package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import org.alphaquant.database.TcpProxy;
import org.alphaquant.job.JobError;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

/** The views of the page, as a person with a browser sees them. */
class PageTest extends OnThePage {

  @Test
  void aJobIsCancelledRetriedAndDeleted() {
    String id = post(scripted, "to-cancel");
    browser.open(page(scripted, "/jobs?find=to-cancel"));

    browser.click("tr button", "Cancel");
    browser.click("dialog button", "Cancel the job");
    browser.text("tr .state", "cancelled");
    browser.click("tr button", "Retry");
    browser.text("tr .state", "queued");
    scripted.http().post("/v1/jobs/" + id + "/cancel");
    browser.text("tr .state", "cancelled");
    browser.click("tr button", "Delete");
    browser.click("dialog button", "Delete");
    browser.text(".empty", "No job matches");
    assertThat(scripted.http().get("/v1/jobs/" + id).status()).isEqualTo(404);
  }

  @Test
  void theListFollowsWhatHappensElsewhere() {
    browser.open(page(scripted, "/jobs?find=live-model"));
    browser.text(".empty", "No job matches");
    String id = post(scripted, "live-model");
    browser.text("tr .state", "queued");
    TestWorker worker = new TestWorker(scripted);
    worker.claim(id);
    worker.progress(id, 0.5);
    browser.text("tr", "50 %");
    browser.run("document.querySelector('tr button').focus()");
    worker.progress(id, 0.6);
    browser.text("tr", "60 %");
    assertThat(browser.run("return document.activeElement.textContent")).isEqualTo("Cancel");
    String first = browser.newTab(page(scripted, "/jobs/" + id));
    browser.click(".actions button", "Cancel");
    browser.click("dialog button", "Cancel the job");
    browser.text("button", "Stopping");
    browser.text(".log p", "Cancel requested");
    browser.text(".legend span", "Quantizing");
    browser.tab(first);
    browser.text("tr button", "Stopping");
  }

  @Test
  void aJobThatIsTriedAgainIsFollowedOnItsPage() {
    TestWorker worker = new TestWorker(scripted);
    String id = post(scripted, "tried-again");
    JobError error = new JobError("no-luck", JobError.Kind.USER, "not this time", null);
    worker.claim(id);
    worker.fail(id, error);
    scripted.http().post("/v1/jobs/" + id + "/retry");
    browser.open(page(scripted, "/jobs/" + id));
    browser.text(".log", "not this time");
    assertThat(browser.element("main").getText()).contains("moe").doesNotContain("utilization");
    worker.claim(id);
    worker.progress(id, 0.5);
    browser.text("main", "50 %");
    worker.fail(id, error);
    browser.click(".actions button", "Retry");
    browser.text(".state", "queued");
    worker.claim(id);
    worker.progress(id, 0.25);
    browser.text("main", "25 %");
    worker.fail(id, error);
    browser.text(".state", "failed");
  }

  @Test
  void noLongNameAndNoLongErrorPushesButtonsOutOfSight() {
    TestWorker worker = new TestWorker(scripted);
    String id = post(scripted, "someone/" + "long-name-".repeat(12));
    worker.claim(id);
    worker.fail(id, new JobError("long", JobError.Kind.USER, "tensor.".repeat(30), null));
    browser.open(page(scripted, "/jobs?find=long-name"));
    browser.text("tr button", "Retry");
    for (int pixels : List.of(1440, 1024, 768, 390)) {
      browser.width(pixels);
      assertThat(
              browser.run(
                  "const it = document.querySelector('.jobs').parentElement;"
                      + " return it.scrollWidth - it.clientWidth"))
          .as("at %d pixels", pixels)
          .isEqualTo(0L);
    }
    browser.fits("long-names");
  }

  @Test
  void theEditorOffersWhatCanStandAtTheCaret() {
    browser.open(page(scripted, "/new"));
    browser.type("textarea[name=body]", "{\"mo");
    browser.text(".suggestions li[aria-selected=true]", "model");
    browser.press("textarea[name=body]", Keys.ENTER);
    browser.press("textarea[name=body]", "m", Keys.END, ", \"conf");
    browser.text(".suggestions li[aria-selected=true]", "config");
    browser.press("textarea[name=body]", Keys.TAB);
    browser.press("textarea[name=body]", "\"def");
    browser.text(".suggestions li[aria-selected=true]", "default");
    browser.press("textarea[name=body]", Keys.ENTER, "\"wq\": \"int");
    browser.text(".suggestions li", "int8");
    browser.press("textarea[name=body]", Keys.ARROW_DOWN, Keys.ENTER);
    assertThat(browser.count(".suggestions li")).isPositive();
    assertThat((Boolean) browser.run("return document.querySelector('.suggestions').hidden"))
        .isTrue();
    assertThat((String) browser.run("return document.querySelector('textarea').value"))
        .matches("\\{\"model\": \"m\", \"config\": \\{\"default\": \\{\"wq\": \"int\\w+\"}}");
    for (String theme : List.of("light", "dark")) {
      browser.theme(theme);
      browser.press("textarea[name=body]", Keys.END, Keys.ARROW_LEFT.toString().repeat(7));
      browser.press("textarea[name=body]", Keys.chord(Keys.CONTROL, Keys.SPACE));
      browser.text(".suggestions li", "int4");
      browser.screenshot("suggestions-" + theme);
      browser.isAccessible("suggestions, " + theme);
    }
  }

  @Test
  void aLostConnectionIsSaidAndComesBack() throws IOException {
    int target = URI.create(scripted.http().base()).getPort();
    int port;
    try (TcpProxy proxy = new TcpProxy(target, 0)) {
      port = proxy.port();
      browser.open("http://localhost:%d/#/jobs?find=cut-off".formatted(port));
      browser.text(".empty", "No job matches");
    }
    browser.text("#link-state", "Connection lost");
    post(scripted, "cut-off");
    try (TcpProxy proxy = new TcpProxy(target, port)) {
      browser.text("tr .state", "queued");
      assertThat(browser.element("#link-state").getText()).isEmpty();
      assertThat(browser.address()).contains(":" + proxy.port() + "/");
    }
  }

  @Test
  void everyViewIsAccessibleAndFits() {
    post(scripted, "seen");
    for (String theme : List.of("light", "dark")) {
      for (String view : List.of("jobs", "workers", "new", "key", "compare", "nowhere")) {
        browser.open(page(scripted, "/" + view));
        browser.theme(theme);
        browser.gone(".skeleton");
        browser.isAccessible(view + ", " + theme);
        browser.fits(view + "-" + theme);
        browser.width(1440);
      }
    }
  }

  @Test
  void theContractIsServedWithAPageToTryIt() {
    browser.open(scripted.http().base() + "/api.html");
    browser.text(".opblock-summary-path", "/v1/jobs");
    for (String theme : List.of("light", "dark")) {
      browser.theme(theme);
      browser.partsAreAccessible(
          "api, " + theme,
          ".back",
          ".information-container",
          "#operations-jobs-createJob",
          "#operations-jobs-listJobs",
          "#operations-jobs-deleteJobs");
      browser.screenshot("api-" + theme);
    }
    assertThat(scripted.http().unchecked("/openapi.yaml").text()).startsWith("openapi: 3.1");
  }
}
