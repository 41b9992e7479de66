package org.alphaquant.api.result;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.api.job.JobAccess;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.receipt.Envelope;
import org.alphaquant.receipt.Receipts;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Signed receipts of finished jobs, and the key that they are checked with. */
@RestController
class ReceiptController {
  private static final String QUANTIZATION = "quantization_report.json";
  private static final List<String> REPORTS =
      List.of(QUANTIZATION, "evaluation_report.json", "repack_report.json");
  private static final JsonMapper JSON = JsonMapper.shared();

  private final JobAccess access;
  private final ArtifactFolders folders;
  private final Optional<Receipts> receipts;

  ReceiptController(JobAccess access, ArtifactFolders folders, ObjectProvider<Receipts> receipts) {
    this.access = access;
    this.folders = folders;
    this.receipts = Optional.ofNullable(receipts.getIfAvailable());
  }

  /** A DSSE envelope around an in-toto statement. */
  @GetMapping(path = "/v1/jobs/{id}/receipt", produces = MediaType.APPLICATION_JSON_VALUE)
  Envelope receipt(@PathVariable UUID id) {
    Job job = access.find(id);
    Receipts signing = signing();
    JobResult result =
        job.result()
            .filter(made -> job.state() == JobState.SUCCEEDED)
            .orElseThrow(() -> missing("Job %s is %s.".formatted(id, job.state())));
    ArtifactList files = ArtifactList.of(job);
    return signing.of(
        new Receipts.Finished(
            id,
            job.startedAt().orElse(null),
            job.finishedAt().orElse(null),
            job.spec(),
            result,
            JSON.readTree(folders.content(job, report(files)))));
  }

  // The sizes of a ladder have the same source and texts, and each a report.
  private static JobResult.Artifact report(ArtifactList files) {
    return REPORTS.stream()
        .filter(files::has)
        .findFirst()
        .map(files::find)
        .or(
            () ->
                files.data().stream()
                    .filter(it -> it.name().endsWith("/" + QUANTIZATION))
                    .findFirst())
        .orElseThrow(() -> missing("A calibration has none; the results made from it have."));
  }

  /** The public key as PEM. */
  @GetMapping(path = "/v1/receipt-key", produces = "application/x-pem-file")
  String key() {
    return signing().verifyingKey().pem();
  }

  private Receipts signing() {
    return receipts.orElseThrow(
        () -> missing("This service has no key to sign with (alphaquant.receipts.key-file)."));
  }

  private static ProblemException missing(String why) {
    return new ProblemException(ProblemType.RECEIPT_NOT_AVAILABLE, "There is no receipt. " + why);
  }
}
