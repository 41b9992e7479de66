package org.alphaquant.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;
import org.alphaquant.job.row.Job;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class ShownAddressTest {

  @ParameterizedTest
  @CsvSource({
    "https://a.test/x/y, https://a.test/x/y",
    "https://a.test:8443/x?token=b/@c, https://a.test:8443/x",
    "https://a.test?token=b, https://a.test",
    "https://ann:token@a.test/@x, https://a.test/@x",
    "https://a.test/x#token, https://a.test/x",
    "https://a.test/b c?token, https://a.test/b c",
    "token, token"
  })
  void anAddressIsShownWithoutUserAndQuery(String url, String shown) {
    assertThat(ShownAddress.of(url)).isEqualTo(shown);
  }

  @Test
  void aTokenIsNeitherStoredWithAnErrorNorLogged(CapturedOutput log) throws IOException {
    try (TestWebhooks webhooks = new TestWebhooks();
        Receiver allowed = new Receiver();
        Receiver other = new Receiver()) {
      Job refused = webhooks.cancelled(other.url("/hook?token=8d1f"));
      Job broken = webhooks.cancelled(allowed.url("/hook?token=8d1f"));
      breakAddress(webhooks, broken);
      webhooks.send(TestWebhooks.settings(true, Duration.ofSeconds(1), allowed));

      WebhookDelivery first = webhooks.awaitEnd(refused);
      WebhookDelivery second = webhooks.awaitEnd(broken);

      assertThat(first.outcome()).contains(Outcome.REFUSED);
      assertThat(first.lastError().orElseThrow()).startsWith(other.url("/hook must be at one of"));
      assertThat(second.lastError().orElseThrow()).endsWith(allowed.url("/hook"));
      assertThat(log.getAll())
          .contains(first.lastError().get(), second.lastError().get())
          .doesNotContain("8d1f");
    }
  }

  private static void breakAddress(TestWebhooks webhooks, Job job) {
    webhooks
        .sql()
        .sql("update webhook_delivery set url = url || ' ' where job_id = ?")
        .param(job.id())
        .update();
  }
}
