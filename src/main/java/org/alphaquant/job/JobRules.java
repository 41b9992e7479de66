package org.alphaquant.job;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Which fields of a job's specification go together, and which exclude each other. */
final class JobRules {

  private JobRules() {}

  static void requireBudget(Recipe recipe, Budget budget) {
    if (budget == null && recipe == Recipe.ALLOCATE) {
      throw new SpecException("budget", null, "given with the recipe allocate");
    }
    if (budget != null && recipe != Recipe.ALLOCATE && recipe != Recipe.DISTILL) {
      throw new SpecException(
          "budget",
          "given with the recipe " + recipe.jsonName(),
          "left out, or the recipe allocate or distill");
    }
  }

  static void requireAdaptive(
      JobKind kind,
      List<AdaptiveRule> adaptive,
      Budget budget,
      ContractRequest contract,
      CalibrationRequest calibration) {
    if (adaptive.isEmpty()) {
      return;
    }
    if (budget != null || contract != null || kind == JobKind.EVALUATION) {
      throw new SpecException(
          "adaptive",
          "given beside budget or contract, or with the kind evaluation",
          "left out there");
    }
    if (calibration.solvesFromKept()) {
      throw new SpecException(
          "adaptive", "given with a kept calibration", "left out, or calibration/sequential true");
    }
  }

  static void requireLadder(
      List<LadderStep> ladder, ContractRequest contract, List<AdaptiveRule> adaptive) {
    if (ladder != null && (contract != null || !adaptive.isEmpty())) {
      throw new SpecException(
          "ladder", "given beside contract or adaptive", "left out, or those must be");
    }
  }

  static void requireUnrotated(
      RotationRequest rotation, boolean isLadder, JobKind kind, CalibrationRequest calibration) {
    boolean keeps = isLadder || kind == JobKind.CALIBRATION || calibration.id() != null;
    if (rotation != null && keeps) {
      throw new SpecException(
          "rotation",
          "given with a ladder or a kept calibration",
          "left out: Hessians are kept of the model as it is");
    }
  }

  static void requireTraffic(JobKind kind, TrafficRequest traffic) {
    if (traffic != null && kind != JobKind.QUANTIZATION && kind != JobKind.CALIBRATION) {
      throw new SpecException(
          "traffic",
          "given with the kind " + kind.jsonName(),
          "left out, or the kind quantization or calibration");
    }
  }

  private static void requireRepack(Recipe recipe, JsonNode config, EvaluationRequest evaluation) {
    String left = "left out for the kind repack, which changes no weight";
    if (recipe != Recipe.MOE) {
      throw new SpecException("recipe", recipe.jsonName(), left);
    }
    if (config != null) {
      throw new SpecException("config", "given", left);
    }
    if (evaluation != null) {
      throw new SpecException("evaluation", "given", left);
    }
  }

  static void requireKind(
      JobKind kind, Recipe recipe, JsonNode config, EvaluationRequest evaluation) {
    if (kind == JobKind.REPACK) {
      requireRepack(recipe, config, evaluation);
    }
    if (kind == JobKind.EVALUATION) {
      if (evaluation == null || evaluation.files().isEmpty()) {
        throw new SpecException(
            "evaluation", null, "given with perplexity or choices for the kind evaluation");
      }
      if (config != null) {
        throw new SpecException("config", "given", "left out for the kind evaluation");
      }
    } else if (evaluation != null && evaluation.reference() != null) {
      throw new SpecException(
          "evaluation/reference",
          evaluation.reference(),
          "left out for the kind " + kind.jsonName());
    }
  }

  static void requireCalibration(JobKind kind, Recipe recipe, CalibrationRequest calibration) {
    if (kind == JobKind.CALIBRATION && recipe != Recipe.MOE && recipe != Recipe.STANDARD) {
      throw new SpecException(
          "recipe", recipe.jsonName(), "moe or standard for the kind calibration");
    }
    if (kind != JobKind.QUANTIZATION && calibration.id() != null) {
      throw new SpecException(
          "calibration/id", calibration.id(), "left out for the kind " + kind.jsonName());
    }
    if (calibration.id() != null && recipe == Recipe.DISTILL) {
      throw new SpecException(
          "recipe", recipe.jsonName(), "another one: a kept calibration has no text to train on");
    }
  }

  static void requireContract(
      JobKind kind, Budget budget, ContractRequest contract, EvaluationRequest evaluation) {
    if (contract == null) {
      return;
    }
    if (kind != JobKind.QUANTIZATION || budget != null) {
      throw new SpecException(
          "contract",
          kind == JobKind.QUANTIZATION ? "given with a budget" : "given with the kind evaluation",
          "given with the kind quantization and without a budget, which the search would choose");
    }
    if (evaluation == null
        || evaluation.perplexity() == null
        || evaluation.perplexity().part() != TextPart.WHOLE) {
      throw new SpecException(
          "evaluation/perplexity",
          null,
          "given with a contract, and whole: one half of the text is for the search, one for the proof");
    }
    if (evaluation.divergence().windows() < 2) {
      throw new SpecException(
          "evaluation/divergence/windows",
          evaluation.divergence().windows(),
          "2 or more with a contract");
    }
  }
}
