package org.alphaquant.store;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** The library's clients for one store. */
final class StoreClients {

  private final StoreSettings settings;

  StoreClients(StoreSettings settings) {
    this.settings = settings;
  }

  // Ceph, R2 and others refuse the SDK's optional checksums; contents are verified with the
  // service's own hashes.
  S3Client client() {
    S3ClientBuilder builder =
        S3Client.builder()
            .region(Region.of(settings.region()))
            .credentialsProvider(credentials())
            .forcePathStyle(pathStyle())
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(it -> it.retryStrategy(retries()))
            .httpClientBuilder(
                Apache5HttpClient.builder()
                    .maxConnections(4 * settings.streams() + 16)
                    .connectionTimeout(settings.connectTimeout())
                    .socketTimeout(settings.idleTimeout()));
    if (settings.endpoint() != null) {
      builder.endpointOverride(settings.endpoint());
    }
    return builder.build();
  }

  /** Presigns URLs with the endpoint that clients use. */
  S3Presigner presigner() {
    S3Presigner.Builder builder =
        S3Presigner.builder()
            .region(Region.of(settings.region()))
            .credentialsProvider(credentials())
            .serviceConfiguration(
                S3Configuration.builder().pathStyleAccessEnabled(pathStyle()).build());
    URI endpoint =
        settings.publicEndpoint() == null ? settings.endpoint() : settings.publicEndpoint();
    if (endpoint != null) {
      builder.endpointOverride(endpoint);
    }
    return builder.build();
  }

  private boolean pathStyle() {
    return settings.pathStyle() == null ? settings.endpoint() != null : settings.pathStyle();
  }

  private AwsCredentialsProvider credentials() {
    return switch (settings.credentials()) {
      case NONE -> AnonymousCredentialsProvider.create();
      case ENVIRONMENT -> environment();
      // Read with every request, so that a replaced key file takes effect immediately.
      case KEYS ->
          () ->
              settings.sessionToken() == null
                  ? AwsBasicCredentials.create(settings.accessKey(), settings.secretKey())
                  : AwsSessionCredentials.create(
                      settings.accessKey(), settings.secretKey(), settings.sessionToken());
    };
  }

  private static AwsCredentialsProvider environment() {
    DefaultCredentialsProvider chain = DefaultCredentialsProvider.builder().build();
    return () -> {
      try {
        return chain.resolveCredentials();
      } catch (SdkException e) {
        throw new NoCredentialsException(e);
      }
    };
  }

  /** Thrown where no credential source of the SDK has keys, or one was refused. */
  static final class NoCredentialsException extends SdkClientException {
    NoCredentialsException(SdkException cause) {
      super(SdkClientException.builder().message(cause.getMessage()).cause(cause));
    }
  }

  private RetryStrategy retries() {
    BackoffStrategy pauses =
        BackoffStrategy.exponentialDelay(settings.firstPause(), Duration.ofSeconds(20));
    return AwsRetryStrategy.standardRetryStrategy().toBuilder()
        .maxAttempts(settings.attempts())
        .backoffStrategy(pauses)
        .throttlingBackoffStrategy(pauses)
        .circuitBreakerEnabled(false)
        .build();
  }
}
