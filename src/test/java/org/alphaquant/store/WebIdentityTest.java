package org.alphaquant.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.Patience;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.presigner.model.GetObjectPresignRequest;

/** Keys of a store that a service account's token is exchanged for (IRSA), at a double of STS. */
class WebIdentityTest {

  private static final String ROLE = "arn:aws:iam::111122223333:role/alphaquant";
  private static final String TOKEN = "header.payload.signature";

  private static final List<String> PROPERTIES =
      List.of(
          "aws.webIdentityTokenFile",
          "aws.roleArn",
          "aws.region",
          "aws.endpointUrlSts",
          "aws.disableEc2Metadata");

  @TempDir Path folder;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private S3Double remote;
  private HttpServer sts;
  private volatile Optional<String> refusal = Optional.empty();

  @BeforeEach
  void start() throws IOException {
    remote = new S3Double();
    remote.put("texts/a.txt", new byte[] {'a'}, Map.of());
    sts = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    sts.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          asked.add(
              URLDecoder.decode(new String(body, StandardCharsets.UTF_8), StandardCharsets.UTF_8));
          byte[] answer = refusal.orElseGet(WebIdentityTest::keys).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/xml");
          exchange.sendResponseHeaders(refusal.isPresent() ? 400 : 200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    sts.start();
    Path token = Files.writeString(folder.resolve("token"), TOKEN);
    set("aws.webIdentityTokenFile", token.toString());
    set("aws.roleArn", ROLE);
    set("aws.region", "eu-central-1");
    set("aws.disableEc2Metadata", "true");
    set("aws.endpointUrlSts", "http://localhost:" + sts.getAddress().getPort());
  }

  private static void set(String property, String value) {
    System.setProperty(property, value);
  }

  @AfterEach
  void stop() {
    PROPERTIES.forEach(System::clearProperty);
    sts.stop(0);
    remote.close();
  }

  // The format of AssumeRoleWithWebIdentity's answer: AWS Security Token Service API Reference.
  private static String keys() {
    return """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult><Credentials>
            <AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>
            <SessionToken>a-session</SessionToken><Expiration>%s</Expiration>
          </Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>
        """
        .formatted(
            S3Double.ACCESS_KEY, S3Double.SECRET_KEY, Instant.now().plus(Duration.ofHours(1)));
  }

  private Store store() {
    return new Store(
        "lab", remote.settings(Map.of("credentials", StoreSettings.Credentials.ENVIRONMENT)));
  }

  private static List<StoredObject> list(Store store) {
    return store.list(new StoreAddress("lab", "texts"), Patience.of(Duration.ofSeconds(5)));
  }

  @Test
  void aServiceAccountsTokenIsExchangedForKeys() {
    remote.forgetRequests();
    try (Store store = store()) {
      assertThat(list(store)).extracting(StoredObject::path).containsExactly("a.txt");
      assertThat(list(store)).hasSize(1);
      URI link = store.presigner().presignGetObject(it -> link(it, store)).httpRequest().getUri();
      assertThat(link.getQuery()).contains("X-Amz-Security-Token=a-session");
    }
    assertThat(asked)
        .isNotEmpty()
        .allSatisfy(
            it ->
                assertThat(it)
                    .contains("Action=AssumeRoleWithWebIdentity", "RoleArn=" + ROLE)
                    .contains("WebIdentityToken=" + TOKEN));
    assertThat(remote.requests())
        .isNotEmpty()
        .allSatisfy(
            it -> assertThat(it.headers().getFirst("x-amz-security-token")).isEqualTo("a-session"));
  }

  private static void link(GetObjectPresignRequest.Builder request, Store store) {
    request
        .signatureDuration(Duration.ofMinutes(1))
        .getObjectRequest(it -> it.bucket(store.bucket()).key("texts/a.txt"));
  }

  @Test
  void aRoleThatMayNotBeAssumedIsToldWithoutTheToken() {
    refusal =
        Optional.of(
            """
            <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
            <Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message>
            </Error></ErrorResponse>
            """);
    try (Store store = store()) {
      FetchException refused = catchThrowableOfType(FetchException.class, () -> list(store));
      assertThat(refused)
          .hasMessageStartingWith(
              "the environment gives this service no credentials for the store 'lab'")
          .hasStackTraceContaining("sts:AssumeRoleWithWebIdentity");
      assertThat(refused.getMessage()).doesNotContain(TOKEN);
    }
  }
}
