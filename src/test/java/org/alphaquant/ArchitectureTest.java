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
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package may use which, and what none may do. */
class ArchitectureTest {

  private static final String ROOT = "org.alphaquant";

  /**
   * The map, {@code packages.txt}. Arrows only point downwards, and every package has its own line;
   * only model families share one, {@link #FAMILY}.
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
    try (InputStream file = ArchitectureTest.class.getResourceAsStream("packages.txt")) {
      new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(": ?"))
          .forEach(parts -> map.put(parts[0], used(parts)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return map;
  }

  private static Set<String> used(String[] parts) {
    return parts.length < 2 ? Set.of() : Set.of(parts[1].split(" "));
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

  /** Within a line javadoc reads a tag as text. */
  @Test
  void tagsOfCommentsBeginALine() throws IOException {
    Pattern within = Pattern.compile("(?m)^\\s*/?\\*+ .*\\S @(param|throws|return)\\b");
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".java")))
          .allSatisfy(
              file ->
                  assertThat(
                          within.matcher(Files.readString(file)).results().map(MatchResult::group))
                      .as("tags within a line of " + file)
                      .isEmpty());
    }
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
