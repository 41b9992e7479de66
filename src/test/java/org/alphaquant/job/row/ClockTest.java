package org.alphaquant.job.row;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.Date;
import org.alphaquant.faults.FaultReport;
import org.junit.jupiter.api.Test;

/** Machines' clocks disagree: every time in a row is the database's, every span is nanoTime's. */
class ClockTest {
  private static final ArchRule NO_CLOCK =
      noClasses()
          .should()
          .callMethodWhere(
              target(nameMatching("now|currentTimeMillis|systemUTC|systemDefaultZone"))
                  .and(target(owner(nameMatching("java\\.time\\..*|java\\.lang\\.System")))))
          .orShould()
          .callConstructor(Date.class);

  @Test
  void noTimeOfTheMachineReachesARow() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.alphaquant.job", "org.alphaquant.worker", "org.alphaquant.runner");

    assertThat(classes).hasSizeGreaterThan(40);
    NO_CLOCK.check(classes);
    FaultReport.survived(
        "F12",
        "no clock of a machine is read by the %d classes that write rows or run jobs",
        classes.size());
  }

  @Test
  void theRuleSeesAClock() {
    JavaClasses classes = new ClassFileImporter().importClasses(ReadsTheClock.class);

    assertThat(NO_CLOCK.evaluate(classes).getFailureReport().getDetails()).hasSize(2);
  }

  static final class ReadsTheClock {
    Instant instant() {
      return Instant.now();
    }

    long millis() {
      return System.currentTimeMillis();
    }
  }
}
