package org.alphaquant.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.alphaquant.contract.ContractReport;
import org.alphaquant.contract.Verdict;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Says in a result's report and card which contract it keeps, with the figures of the proof. */
record ContractFiles(Path folder) {

  /** The files that it writes. */
  static final List<String> WRITTEN = List.of("quantization_report.json", "README.md");

  private static final JsonMapper JSON = JsonMapper.shared();

  void write(ContractReport contract, Figures proof) throws IOException {
    Path report = folder.resolve(WRITTEN.get(0));
    ObjectNode all = (ObjectNode) JSON.readTree(Files.readString(report));
    all.set("perplexity", JSON.valueToTree(proof.perplexity()));
    all.set("divergence", JSON.valueToTree(proof.divergence()));
    if (proof.choices() != null) {
      all.set("choices", JSON.valueToTree(proof.choices()));
    }
    all.set("contract", JSON.valueToTree(contract));
    Files.writeString(report, all.toPrettyString() + "\n");
    Path card = folder.resolve(WRITTEN.get(1));
    Files.writeString(card, Files.readString(card) + section(contract));
  }

  private static String section(ContractReport contract) {
    StringBuilder section =
        new StringBuilder(
            "\n## Contract\n\nThe smallest of %d plans that keeps these limits, proved on text that took no part in making it:\n\n| limit | | measured | 95 %% interval |\n|---|---|---|---|\n"
                .formatted(contract.candidates()));
    for (Verdict.Term term : contract.proof().terms()) {
      section.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.5g | %.5g to %.5g |%n",
              term.name(),
              term.limit(),
              term.value(),
              term.low(),
              term.high()));
    }
    return section.toString();
  }
}
