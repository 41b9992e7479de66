package org.alphaquant;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package may use which, and what none may do. */
class ArchitectureTest {

  private static final String ROOT = "org.alphaquant";

  /**
   * The map. Arrows only point downwards, and every package has its own line; only model families
   * share one, {@link #FAMILY}.
   */
  private static final Map<String, Set<String>> MAY_USE = map();

  /** A model family is one folder below {@code model}; all families share one line. */
  private static final String FAMILY = "model.*";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static final SliceAssignment BY_OWNER =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
          return owner(type).isEmpty() ? SliceIdentifier.ignore() : SliceIdentifier.of(owner(type));
        }

        @Override
        public String getDescription() {
          return "packages of the map";
        }
      };

  private static Map<String, Set<String>> map() {
    Map<String, Set<String>> map = new LinkedHashMap<>();
    map.put("quickstart", Set.of("client"));
    map.put("mcp", Set.of("client", "request"));
    map.put("client", Set.of());
    map.put(
        "api",
        Set.of(
            "api.edge",
            "api.json",
            "api.problem",
            "problem",
            "background",
            "job",
            "job.row",
            "request",
            "security"));
    map.put(
        "api.admin",
        Set.of(
            "api.edge",
            "api.problem",
            "problem",
            "job",
            "job.queue",
            "security",
            "server",
            "usage"));
    map.put("usage", Set.of());
    map.put("tracing", Set.of("job", "job.row", "worker"));
    map.put(
        "api.event",
        Set.of("api.job", "events", "job", "job.delivery", "job.row", "security", "server"));
    map.put(
        "api.result",
        Set.of("api.job", "api.problem", "receipt", "store", "cache", "job", "job.row", "server"));
    map.put("receipt", Set.of("checkpoint", "job"));
    map.put(
        "api.model",
        Set.of(
            "api.edge",
            "api.problem",
            "job",
            "job.library",
            "job.plan",
            "scheme",
            "upload",
            "problem",
            "security",
            "architecture"));
    map.put(
        "api.job",
        Set.of(
            "api.edge",
            "api.problem",
            "job",
            "job.library",
            "job.plan",
            "job.queue",
            "job.row",
            "measure",
            "problem",
            "security"));
    map.put("api.edge", Set.of("api.json", "api.problem", "problem", "request", "security"));
    map.put("api.json", Set.of("api.problem", "job", "problem", "scheme"));
    map.put("api.problem", Set.of("problem"));
    map.put("events", Set.of("background", "job", "job.row"));
    map.put("metrics", Set.of("measure", "job", "job.delivery", "job.row", "worker", "device"));
    map.put(
        "webhook",
        Set.of("background", "job", "job.delivery", "job.plan", "egress", "problem", "server"));
    map.put("database", Set.of("server"));
    map.put(
        "fetch",
        Set.of(
            "upload",
            "worker",
            "prepare",
            "hub",
            "store",
            "cache",
            "source",
            "job",
            "job.library",
            "job.plan",
            "job.row",
            "checkpoint",
            "problem",
            "background",
            "server"));
    map.put(
        "runner",
        Set.of(
            "runner.child",
            "runner.wire",
            "run",
            "worker",
            "prepare",
            "calibration",
            "job",
            "job.plan",
            "background",
            "request",
            "server",
            "device"));
    map.put(
        "runner.child",
        Set.of("runner.wire", "run", "worker", "prepare", "calibration", "checkpoint", "job"));
    map.put("runner.wire", Set.of("job"));
    map.put(
        "run",
        Set.of(
            "traffic",
            "allocate",
            "sensitivity",
            "contract",
            "distill",
            "rotation",
            "sample",
            "chat",
            "report",
            "prepare",
            "quantize",
            "estimate",
            "evaluation",
            "measure",
            "scheme.plan",
            "storage.source",
            "storage.source.mxfp4",
            "storage.gguf",
            "storage",
            "scheme",
            "calibration",
            "model",
            "model.block",
            "gptq",
            "format",
            "source",
            "checkpoint",
            "architecture",
            "torch",
            "worker",
            "job",
            "moe"));
    map.put(
        "worker",
        Set.of("job", "job.delivery", "job.queue", "job.row", "background", "server", "device"));
    map.put("hub", Set.of("cache", "server", "egress"));
    map.put("store", Set.of("cache", "background", "job", "job.row"));
    map.put("cache", Set.of("checkpoint", "request"));
    map.put("upload", Set.of("background", "server"));
    map.put(
        "report",
        Set.of(
            "traffic",
            "allocate",
            "storage.serving",
            "prepare",
            "quantize",
            "estimate",
            "measure",
            "scheme",
            "format",
            "job",
            "architecture",
            "calibration",
            "checkpoint",
            "gptq",
            "scheme.plan",
            "storage",
            "moe",
            "problem"));
    map.put(
        "prepare",
        Set.of(
            "traffic",
            "allocate",
            "contract",
            "rotation",
            "storage.serving",
            "chat",
            "scheme.plan",
            "storage",
            "scheme",
            "calibration",
            "model",
            "source",
            "checkpoint",
            "architecture",
            "job",
            "job.plan",
            "storage.source",
            "storage.formats",
            "estimate",
            "format",
            "request",
            "problem"));
    map.put(
        "sensitivity",
        Set.of(
            "allocate",
            "quantize",
            "model",
            "model.block",
            "scheme",
            "storage",
            "format",
            "checkpoint",
            "architecture",
            "torch"));
    map.put(
        "distill",
        Set.of(
            "quantize",
            "model",
            "model.block",
            "storage",
            "format",
            "checkpoint",
            "architecture",
            "torch"));
    map.put("rotation", Set.of("model", "model.block", "model.design", "torch", "job"));
    map.put("sample", Set.of("model", "model.block", "architecture", "torch"));
    map.put(
        "quantize",
        Set.of(
            "traffic",
            "estimate",
            "moe",
            "model",
            "model.block",
            "gptq",
            "storage",
            "format",
            "checkpoint",
            "cuda",
            "torch",
            "job",
            "architecture"));
    map.put("traffic", Set.of("model", "model.block", "torch"));
    map.put("estimate", Set.of("model", "model.block", "architecture", "torch", "job.plan"));
    map.put("contract", Set.of("job", "measure"));
    map.put("job.queue", Set.of("job.row", "job"));
    map.put("job.delivery", Set.of("job.row", "job"));
    map.put("job.row", Set.of("background", "job"));
    map.put("job.plan", Set.of("architecture", "job", "problem"));
    map.put("job.library", Set.of("job"));
    map.put("job", Set.of("measure", "architecture", "problem"));
    map.put("security", Set.of("background"));
    map.put("background", Set.of("server"));
    map.put("server", Set.of());
    map.put(
        "scheme.plan",
        Set.of(
            "scheme",
            "storage",
            "checkpoint",
            "architecture",
            "format",
            "storage.mxfp4",
            "storage.formats",
            "storage.serving",
            "problem"));
    map.put("allocate", Set.of("scheme", "storage.serving", "architecture", "format"));
    map.put(
        "storage.formats",
        Set.of(
            "storage.compressedtensors",
            "storage.gguf",
            "storage.gptq",
            "storage.plain",
            "storage.quark",
            "storage.mxfp4",
            "storage",
            "storage.serving",
            "scheme"));
    map.put(
        "evaluation",
        Set.of(
            "measure",
            "model",
            "model.block",
            "calibration",
            "checkpoint",
            "torch",
            "architecture"));
    map.put("calibration", Set.of("chat", "model", "checkpoint"));
    map.put("moe", Set.of("model", "model.block", "torch", "architecture"));
    map.put(
        "model",
        Set.of(
            "model.*",
            "model.design",
            "model.block",
            "storage.gguf",
            "storage.source",
            "storage.sources",
            "checkpoint",
            "architecture",
            "torch"));
    map.put(
        "model.*", Set.of("model.design", "model.block", "checkpoint", "architecture", "torch"));
    map.put(
        "model.design",
        Set.of(
            "model.block",
            "storage.sources",
            "storage.source",
            "storage.source.fused",
            "checkpoint",
            "architecture",
            "torch"));
    map.put("model.block", Set.of("storage.sources", "storage.source", "torch", "architecture"));
    map.put(
        "storage.sources",
        Set.of(
            "storage.source",
            "storage.source.scaled",
            "storage.compressedtensors",
            "storage.gptq",
            "storage.quark",
            "checkpoint",
            "architecture",
            "torch"));
    map.put(
        "storage.mxfp4",
        Set.of(
            "storage.source",
            "storage.plain",
            "storage.source.mxfp4",
            "storage",
            "storage.serving",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch"));
    map.put(
        "storage.compressedtensors",
        Set.of(
            "storage.source",
            "storage",
            "storage.serving",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch",
            "problem"));
    map.put(
        "storage.gguf",
        Set.of(
            "storage.source",
            "storage",
            "storage.serving",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch",
            "problem"));
    map.put(
        "storage.gptq",
        Set.of(
            "storage.source",
            "storage",
            "storage.serving",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch",
            "problem"));
    map.put(
        "storage.plain",
        Set.of(
            "storage",
            "storage.serving",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch",
            "problem"));
    map.put(
        "storage.quark",
        Set.of(
            "storage.source",
            "storage",
            "storage.serving",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch",
            "problem"));
    map.put(
        "storage",
        Set.of(
            "storage.serving",
            "storage.source",
            "scheme",
            "checkpoint",
            "architecture",
            "format",
            "torch"));
    map.put("storage.serving", Set.of("scheme", "architecture", "format", "problem"));
    map.put("scheme", Set.of("architecture", "format", "problem", "request"));
    map.put(
        "storage.source.fused",
        Set.of(
            "storage.source",
            "storage.source.mxfp4",
            "storage.source.scaled",
            "checkpoint",
            "architecture",
            "torch"));
    map.put(
        "storage.source.scaled",
        Set.of("storage.source", "checkpoint", "architecture", "format", "torch"));
    map.put(
        "storage.source.mxfp4",
        Set.of("storage.source", "checkpoint", "architecture", "format", "torch"));
    map.put("storage.source", Set.of("checkpoint", "architecture", "format", "torch"));
    map.put("measure", Set.of());
    map.put("source", Set.of("checkpoint"));
    map.put("gptq", Set.of("format", "torch", "cuda", "architecture"));
    map.put("checkpoint", Set.of("request"));
    map.put("format", Set.of("torch"));
    map.put("torch", Set.of("cuda", "architecture"));
    map.put("architecture", Set.of());
    map.put("problem", Set.of());
    map.put("cuda", Set.of());
    map.put("device", Set.of());
    map.put("request", Set.of());
    map.put("chat", Set.of());
    map.put("egress", Set.of());
    return map;
  }

  static Stream<String> packages() {
    return MAY_USE.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void aPackageUsesOnlyThoseItMay(String name) {
    classes()
        .that(DescribedPredicate.describe("in " + name, it -> owner(it).equals(name)))
        .should()
        .onlyDependOnClassesThat(
            not(resideInAPackage(ROOT + ".."))
                .or(
                    DescribedPredicate.describe(
                        "in " + MAY_USE.get(name),
                        it -> owner(it).equals(name) || MAY_USE.get(name).contains(owner(it)))))
        .check(CLASSES);
  }

  @Test
  void everyPackageIsOnTheMapAndTheMapHasNoOther() {
    Set<String> found =
        CLASSES.stream()
            .filter(it -> !it.getPackageName().equals(ROOT))
            .map(ArchitectureTest::owner)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(found).isEqualTo(new TreeSet<>(MAY_USE.keySet()));
  }

  @Test
  void arrowsPointDownwardsOnly() {
    List<String> order = List.copyOf(MAY_USE.keySet());
    MAY_USE.forEach(
        (name, used) ->
            assertThat(used)
                .allSatisfy(
                    other ->
                        assertThat(order.indexOf(other))
                            .as("%s below %s", other, name)
                            .isGreaterThan(order.indexOf(name))));
  }

  @Test
  void packagesHaveNoCycles() {
    slices().assignedFrom(BY_OWNER).should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void nothingUsesTheProgramsEntryPoints() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT)
        .check(CLASSES);
  }

  @Test
  void theMathematicsKnowsNoFramework() {
    noClasses()
        .that(
            resideInAnyPackage(
                below(
                    "architecture",
                    "checkpoint",
                    "format",
                    "gptq",
                    "model",
                    "moe",
                    "storage",
                    "torch")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.springframework..", "jakarta..", "org.hibernate..")
        .check(CLASSES);
  }

  @Test
  void theServiceKnowsNoTensors() {
    noClasses()
        .that(
            resideInAnyPackage(
                below(
                    "api",
                    "job",
                    "background",
                    "server",
                    "worker",
                    "security",
                    "events",
                    "scheme",
                    "webhook")))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(CLASSES);
  }

  @Test
  void classesAreNamedAfterWhatTheyAre() {
    noClasses()
        .should()
        .haveSimpleNameEndingWith("Util")
        .orShould()
        .haveSimpleNameEndingWith("Utils")
        .orShould()
        .haveSimpleNameEndingWith("Helper")
        .orShould()
        .haveSimpleNameEndingWith("Manager")
        .orShould()
        .haveSimpleNameEndingWith("Impl")
        .check(CLASSES);
  }

  @Test
  void nothingHasSetters() {
    methods()
        .that(
            DescribedPredicate.<JavaMethod>describe(
                "are declared here first", ArchitectureTest::isOurs))
        .should()
        .haveNameNotMatching("set[A-Z].*")
        .check(CLASSES);
  }

  /** A job's times come from the database's clock, a worker's waiting from the monotonic one. */
  @Test
  void jobsAndWorkersAskNoWallClock() {
    noClasses()
        .that(resideInAnyPackage(below("job", "background", "worker")))
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(CLASSES);
  }

  /** Interfaces of libraries may ask for setters. */
  private static boolean isOurs(JavaMethod method) {
    return method.getOwner().getAllRawInterfaces().stream()
            .noneMatch(type -> declares(type, method))
        && method.getOwner().getAllRawSuperclasses().stream()
            .noneMatch(type -> declares(type, method));
  }

  private static boolean declares(JavaClass type, JavaMethod method) {
    return type.getMethods().stream().anyMatch(it -> it.getName().equals(method.getName()));
  }

  private static String[] below(String... packages) {
    return Stream.of(packages).map(name -> ROOT + "." + name + "..").toArray(String[]::new);
  }

  /** The line of the map that a class of this project belongs to. */
  private static String owner(JavaClass type) {
    String name = type.getPackageName();
    if (!name.startsWith(ROOT + ".")) {
      return "";
    }
    String inside = name.substring(ROOT.length() + 1);
    boolean family = inside.startsWith("model.") && !MAY_USE.containsKey(inside);
    return family ? FAMILY : inside;
  }
}
