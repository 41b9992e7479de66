package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.results.Results;
import com.deque.html.axecore.results.Rule;
import com.deque.html.axecore.selenium.AxeBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A headless Chromium that looks at the page. */
final class Browser {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Path SCREENSHOTS = Path.of("target/screenshots");
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final Set<String> SERIOUS = Set.of("serious", "critical");

  private final ChromeDriver driver;

  private Browser() {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toString());
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-GB");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, java.util.logging.Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    driver =
        new ChromeDriver(
            new ChromeDriverService.Builder().usingDriverExecutable(DRIVER.toFile()).build(),
            options);
    driver.executeCdpCommand("Performance.enable", Map.of("timeDomain", "threadTicks"));
    width(1440);
  }

  void open(String address) {
    // Two addresses that differ after the # alone are one document: it must be loaded anew.
    driver.get("about:blank");
    driver.get(address);
  }

  void width(int pixels) {
    driver.manage().window().setSize(new Dimension(pixels, 900));
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", pixels, "height", 900, "deviceScaleFactor", 1, "mobile", false));
  }

  void theme(String name) {
    driver.executeScript(
        "localStorage.setItem('alphaquant.theme', arguments[0]);"
            + "if (document.documentElement.dataset.theme !== arguments[0])"
            + " document.getElementById('theme').click();",
        name);
  }

  /** Waits for an element whose text contains this. */
  WebElement text(String css, String text) {
    return new WebDriverWait(driver, LONGEST)
        .ignoring(StaleElementReferenceException.class)
        .withMessage(() -> "no %s with \"%s\" in:\n%s".formatted(css, text, body()))
        .until(
            it ->
                it.findElements(By.cssSelector(css)).stream()
                    .filter(found -> found.getText().contains(text))
                    .findFirst()
                    .orElse(null));
  }

  WebElement element(String css) {
    return text(css, "");
  }

  void click(String css, String text) {
    new WebDriverWait(driver, LONGEST)
        .ignoring(StaleElementReferenceException.class)
        .until(
            it -> {
              text(css, text).click();
              return true;
            });
  }

  void type(String css, String text) {
    WebElement input = element(css);
    input.clear();
    input.sendKeys(text);
  }

  void press(String css, CharSequence... keys) {
    element(css).sendKeys(keys);
  }

  void gone(String css) {
    new WebDriverWait(driver, LONGEST).until(it -> it.findElements(By.cssSelector(css)).isEmpty());
  }

  int count(String css) {
    return driver.findElements(By.cssSelector(css)).size();
  }

  String body() {
    return driver.findElement(By.tagName("body")).getText();
  }

  String address() {
    return driver.getCurrentUrl();
  }

  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /**
   * What a script and all that it brings about cost the page's main thread, in seconds of the
   * processor: other programs that run at the same time do not count.
   */
  double cost(String script, Object... arguments) {
    double before = busySeconds();
    run(script, arguments);
    // Two frames: in the first of them what has changed is laid out and painted.
    driver.executeAsyncScript(
        "requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()))");
    return busySeconds() - before;
  }

  private double busySeconds() {
    List<?> metrics =
        (List<?>) driver.executeCdpCommand("Performance.getMetrics", Map.of()).get("metrics");
    return metrics.stream()
        .map(Map.class::cast)
        .filter(metric -> metric.get("name").equals("TaskDuration"))
        .mapToDouble(metric -> ((Number) metric.get("value")).doubleValue())
        .findFirst()
        .orElseThrow();
  }

  /** Nothing is wider than the window, at the widths of a phone, a tablet and a screen. */
  void fits(String view) {
    for (int pixels : List.of(390, 768, 1440)) {
      width(pixels);
      assertThat((Long) run("return document.documentElement.scrollWidth - window.innerWidth"))
          .as("%s at %d pixels", view, pixels)
          .isLessThanOrEqualTo(0);
      screenshot(view + "-" + pixels);
    }
  }

  /** No finding of axe that is serious or critical. */
  void isAccessible(String view) {
    check(view, new AxeBuilder());
  }

  /** The same of these parts of the explorer, whose markup has a button within a button. */
  void partsAreAccessible(String view, String... within) {
    AxeBuilder axe = new AxeBuilder().disableRules(List.of("nested-interactive"));
    List.of(within).forEach(axe::include);
    check(view, axe);
  }

  private void check(String view, AxeBuilder axe) {
    Results results = axe.analyze(driver);
    assertThat(
            results.getViolations().stream()
                .filter(it -> SERIOUS.contains(it.getImpact()))
                .toList())
        .extracting(Browser::describe)
        .as("axe on %s", view)
        .isEmpty();
  }

  private static String describe(Rule rule) {
    return rule.getId() + ": " + rule.getNodes().stream().map(it -> it.getHtml()).toList();
  }

  void screenshot(String name) {
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the page's scripts complained about: refused styles and scripts, uncaught errors. */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(entry -> entry.getMessage())
        .filter(it -> !it.contains("Failed to load resource"))
        .filter(it -> it.contains("Content Security Policy") || it.contains("Uncaught"))
        .toList();
  }

  String newTab(String address) {
    String first = driver.getWindowHandle();
    driver.switchTo().newWindow(org.openqa.selenium.WindowType.TAB);
    driver.get(address);
    return first;
  }

  void tab(String handle) {
    driver.switchTo().window(handle);
  }

  /** One for all tests of the page: it takes longer to start than most of them. */
  static Browser shared() {
    return Shared.BROWSER;
  }

  private static final class Shared {
    private static final Browser BROWSER = new Browser();

    static {
      Runtime.getRuntime().addShutdownHook(new Thread(BROWSER.driver::quit));
    }
  }

  /** Without Chromium the tests say so in a line; in CI they run, and fail for want of it. */
  static final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER)
          || "true".equals(System.getenv("CI"))) {
        return ConditionEvaluationResult.enabled("a browser is there");
      }
      String reason =
          "%s and %s are not installed: the page is not tested".formatted(CHROMIUM, DRIVER);
      System.out.println(reason);
      return ConditionEvaluationResult.disabled(reason);
    }
  }
}
