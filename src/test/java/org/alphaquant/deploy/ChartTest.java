package org.alphaquant.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The chart renders to objects that Kubernetes and the operators know, whatever is switched on. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class ChartTest {
  private static final Path RESOURCES = Path.of("src/test/resources/helm");

  /** Writes the golden files anew: {@code -Dalphaquant.golden=write}. */
  private static final boolean WRITE = "write".equals(System.getProperty("alphaquant.golden"));

  private static final Map<String, Class<?>> KINDS =
      Stream.of(
              ConfigMap.class,
              Deployment.class,
              HorizontalPodAutoscaler.class,
              Ingress.class,
              Job.class,
              NetworkPolicy.class,
              PersistentVolumeClaim.class,
              Pod.class,
              PodDisruptionBudget.class,
              Secret.class,
              Service.class,
              ServiceAccount.class,
              StatefulSet.class)
          .collect(Collectors.toMap(Class::getSimpleName, type -> type));

  /**
   * The models take unknown fields into a map of their own; without it they refuse them. A number
   * where text belongs is refused as the API server does.
   */
  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .withCoercionConfig(
              LogicalType.Textual,
              text -> {
                text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
                text.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
                text.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
              })
          .build()
          .setAnnotationIntrospector(
              new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1;

                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                  return false;
                }
              });

  @TempDir Path directory;

  static Stream<String> matrix() {
    List<String> sets = new ArrayList<>();
    for (String database :
        List.of(
            "{mode: bundled}",
            "{mode: cloudnative-pg, cloudnativePg: {instances: 1, imageName: pg, storageClass: fast}}",
            "{mode: external, external: {url: 'jdbc:postgresql://db/a', existingSecret: db}}")) {
      for (String worker :
          List.of(
              "{gpus: 0, cache: {enabled: false}}",
              "{gpus: 2, replicas: 3, runtimeClassName: nvidia, priorityClassName: low}",
              "{gpuResource: nvidia.com/mig-3g.40gb, keda: {enabled: true, connectionSecret: k}}")) {
        for (String rest :
            List.of(
                "{}",
                "{security: {allowAnonymous: true}, serviceAccount: {create: false}, objectStore: {enabled: true, bucket: a}}",
                "{networkPolicy: {enabled: true}, api: {basePath: /q, autoscaling: {enabled: true}}, ingress: {enabled: true, hosts: [a.example.org]}}",
                "{metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}, extraEnv: [{name: A, value: b}], extraEnvFrom: [{secretRef: {name: s}}], imagePullSecrets: [{name: r}], security: {oidc: {issuerUrl: 'https://id.example.org', audiences: [a, b], clientId: c, clientSecret: s}}, tracing: {endpoint: 'http://otel:4318/v1/traces', authorizationSecret: k}}")) {
          sets.add("{database: %s, worker: %s, %s".formatted(database, worker, rest.substring(1)));
        }
      }
    }
    return sets.stream().map(set -> set.replace(", }", "}"));
  }

  @ParameterizedTest
  @MethodSource("matrix")
  void everyObjectIsOneThatKubernetesKnowsAndFindsWhatItNames(String values) throws IOException {
    Path file = Files.writeString(directory.resolve("values.yaml"), values);
    List<Map<String, Object>> objects = Chart.objects(Chart.render(file));

    assertThat(objects).hasSizeGreaterThan(8);
    objects.forEach(ChartTest::parse);
    assertThat(objects.stream().map(it -> Chart.kind(it) + "/" + Chart.name(it)))
        .doesNotHaveDuplicates();
    ChartReferences references = new ChartReferences(objects);
    assertThat(references.missing()).isEmpty();
    assertThat(references.selectorsWithoutPods()).isEmpty();
    assertThat(references.podsThatMayDoTooMuch()).isEmpty();
  }

  /** Names of Kubernetes' objects may be all digits, or words that YAML has for something else. */
  @Test
  void namesThatYamlTakesForNumbersStayText() throws IOException {
    String values =
        """
        nameOverride: "1234"
        fullnameOverride: "true"
        commonLabels: {team: "007", "on": "off"}
        imagePullSecrets: [{name: "1"}]
        serviceAccount: {name: "2", annotations: {a: "1e3"}}
        adminKey: {existingSecret: "3"}
        security: {oidc: {issuerUrl: "https://a", audiences: ["1"], clientId: "2", clientSecret: "3"}}
        tracing: {endpoint: "http://a", sampling: 0.5, authorizationSecret: "4"}
        database:
          mode: external
          external: {url: "jdbc:postgresql://db/a", existingSecret: "5", migrationSecret: "6"}
        storage: {data: {existingClaim: "7"}, models: {existingClaim: "8"}, texts: {existingClaim: "no"}}
        api:
          basePath: /1
          priorityClassName: "9"
          podAnnotations: {a: "true"}
          topologySpreadConstraints:
            - {maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: "1"}}}
        ingress: {enabled: true, className: "1", hosts: ["1.2"], tls: [{secretName: "2"}]}
        worker:
          runtimeClassName: "1"
          priorityClassName: "2"
          cache: {size: "10", storageClass: "3"}
          nodeSelector: {a: "1"}
          keda: {enabled: true, connectionSecret: "4"}
        metrics:
          serviceMonitor: {enabled: true, keySecret: "1", keySecretKey: "2", labels: {team: "8", app.kubernetes.io/part-of: "9"}}
          prometheusRule: {enabled: true, labels: {team: "8"}}
          dashboard: {enabled: true}
        networkPolicy: {enabled: true}
        """;
    Chart.objects(Chart.render(Files.writeString(directory.resolve("values.yaml"), values)))
        .forEach(ChartTest::parse);
    for (String rest :
        List.of(
            "objectStore: {enabled: true, bucket: '1', region: '2', prefix: '3', existingSecret: '4', workSize: '5'}",
            "database: {mode: cloudnative-pg, cloudnativePg: {imageName: '1', size: '2', storageClass: '3'}}",
            "database: {bundled: {image: '1', size: '2', storageClass: '3'}}")) {
      Chart.objects(Chart.render(Files.writeString(directory.resolve("values.yaml"), rest)))
          .forEach(ChartTest::parse);
    }
  }

  private static void parse(Map<String, Object> object) {
    String kind = Chart.kind(object);
    try {
      if (KINDS.containsKey(kind)) {
        STRICT.convertValue(object, KINDS.get(kind));
      } else {
        String schema = Files.readString(RESOURCES.resolve("schemas").resolve(kind + ".json"));
        List<Error> errors =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12, builder -> {})
                .getSchema(schema)
                .validate(new ObjectMapper().writeValueAsString(object), InputFormat.JSON);
        assertThat(errors).as("%s %s", kind, Chart.name(object)).isEmpty();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "gpu-cluster", "cpu-trial", "s3"})
  void aValueSetRendersToItsGoldenFile(String name) throws IOException {
    String rendered =
        Chart.render(RESOURCES.resolve("values/" + name + ".yaml"))
            // What is drawn at random.
            .replaceAll("(?m)^( +(admin-key|password): )\\S+$", "$1RANDOM")
            .replace(dashboard(), "    the content of helm/files/dashboard.json");
    Path golden = RESOURCES.resolve("golden/" + name + ".yaml");
    if (WRITE) {
      Files.writeString(golden, rendered);
    }
    assertThat(rendered).isEqualTo(Files.readString(golden));
  }

  // A golden file need not repeat the whole of it.
  private static String dashboard() throws IOException {
    return Files.readString(Path.of("helm/files/dashboard.json"))
        .stripTrailing()
        .indent(4)
        .stripTrailing();
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "gpu-cluster", "s3"})
  void everyVariableOfAPodIsAPropertyOfTheServiceOrOfSpring(String name) throws IOException {
    Set<String> known = new HashSet<>();
    for (URL file :
        Collections.list(
            getClass()
                .getClassLoader()
                .getResources("META-INF/spring-configuration-metadata.json"))) {
      try (InputStream metadata = file.openStream()) {
        new ObjectMapper()
            .readTree(metadata)
            .path("properties")
            .forEach(it -> known.add(squeezed(it.path("name").textValue())));
      }
    }
    // Read before any property is bound.
    known.add("SPRINGCONFIGADDITIONALLOCATION");

    List<String> variables =
        Pattern.compile("(?m)^ +- name: ((?:ALPHAQUANT|SPRING|SERVER)_\\w+)$")
            .matcher(Files.readString(RESOURCES.resolve("golden/" + name + ".yaml")))
            .results()
            .map(it -> it.group(1))
            .filter(it -> !Set.of("ALPHAQUANT_URL", "ALPHAQUANT_KEY").contains(it))
            .map(it -> it.replaceFirst("(_STORES|_TRACING_HEADERS)_.*", "$1"))
            .map(ChartTest::squeezed)
            .toList();
    assertThat(variables).hasSizeGreaterThan(8);
    assertThat(known).containsAll(variables);
  }

  private static String squeezed(String name) {
    return name.replaceAll("[._-]", "").toUpperCase(Locale.ROOT);
  }

  @Test
  void aFieldThatNobodyKnowsWouldBeFound() {
    Map<String, Object> object =
        Chart.objects(
                """
                apiVersion: v1
                kind: Service
                metadata: {name: a}
                spec: {ports: [{name: http, port: 80, targetport: http}]}
                """)
            .get(0);

    assertThatThrownBy(() -> parse(object)).hasMessageContaining("targetport");
  }

  @Test
  void lintFindsNothing() {
    LintResult result = new Helm(Chart.FOLDER).lint().strict().call();

    assertThat(result.isFailed()).as(String.join("\n", result.getMessages())).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{worker: {gpu: 1}}|gpu",
        "{worker: {gpus: -1}}|minimum",
        "{worker: {replicas: two}}|replicas",
        "{database: {mode: mysql}}|mode",
        "{database: {mode: external}}|database.external.url is needed",
        "{database: {external: {url: 'postgres://db/a'}}}|pattern",
        "{api: {basePath: quantize/}}|basePath",
        "{image: {tag: x}}|tag",
        "{storage: {data: {accessModes: [ReadOnly]}}}|accessModes",
        "{ingress: {enabled: true}}|needs at least one host",
        "{worker: {keda: {enabled: true}}}|worker.keda.connectionSecret is needed",
        "{api: {resources: {request: {cpu: 1}}}}|request",
        "{objectStore: {enabled: true}}|objectStore.bucket is needed",
        "{objectStore: {bucket: a, endpoint: minio}}|endpoint",
        "{security: {oidc: {issuerUrl: 'https://a'}}}|audiences is needed",
        "{security: {oidc: {clientId: a}}}|needs security.oidc.issuerUrl",
        "{tracing: {endpoint: collector}}|endpoint",
        "{tracing: {sampling: 2}}|sampling",
        "{commonLabels: {app.kubernetes.io/name: a}}|'app.kubernetes.io/name'",
        "{api: {autoscaling: {enabled: true, minReplicas: 9}}}|over api.autoscaling.maxReplicas",
        "{worker: {keda: {enabled: true, connectionSecret: a, minReplicas: 9}}}|over worker.keda.maxReplicas",
        "{fullnameOverride: 1st}|fullnameOverride",
        "{nonsense: 1}|nonsense"
      })
  void valuesThatMeanNothingAreRefusedByName(String values, String named) throws IOException {
    Path file = Files.writeString(directory.resolve("values.yaml"), values);

    assertThatThrownBy(() -> Chart.render(file)).hasMessageContaining(named);
  }

  @Test
  void theNotesSayHowToReachTheReleaseAndWhoMay() {
    String notes = notes("default");
    assertThat(notes)
        .contains("kubectl -n ml rollout status deployment/aq-alphaquant-api")
        .contains(
            "get secret aq-alphaquant-admin-key", "port-forward service/aq-alphaquant 8080:80")
        .contains("The bundled PostgreSQL is one pod without a backup");
    assertThat(notes("gpu-cluster")).contains("ALPHAQUANT_URL=https://ml.example.org/quantize");
    assertThat(notes("cpu-trial")).contains("allowAnonymous is on").doesNotContain("Bearer");
  }

  private static String notes(String values) {
    return Chart.notes(RESOURCES.resolve("values/" + values + ".yaml"));
  }

  @Test
  void theReadmeListsEveryValueWithItsCommentAndDefault() throws IOException {
    Path readme = Chart.FOLDER.resolve("README.md");
    String page = Files.readString(readme);
    String begin = "<!-- values -->\n";
    int start = page.indexOf(begin) + begin.length();
    String table = new ChartValues(Files.readString(Chart.FOLDER.resolve("values.yaml"))).table();
    if (WRITE) {
      Files.writeString(readme, page.substring(0, start) + table);
    }
    assertThat(Files.readString(readme).substring(start)).isEqualTo(table);
  }

  @Test
  void everyValueHasItsPlaceInTheSchema() throws IOException {
    ChartValues values = new ChartValues(Files.readString(Chart.FOLDER.resolve("values.yaml")));
    String schema = Files.readString(Chart.FOLDER.resolve("values.schema.json"));
    assertThat(new TreeSet<>(values.paths())).hasSameSizeAs(values.paths()).hasSizeGreaterThan(80);
    assertThat(values.paths())
        .allSatisfy(
            path -> {
              com.fasterxml.jackson.databind.JsonNode node = new ObjectMapper().readTree(schema);
              for (String part : path.split("\\.")) {
                node = node.path("properties").path(part);
              }
              assertThat(node.isMissingNode()).as(path).isFalse();
            });
  }
}
