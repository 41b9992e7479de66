package org.alphaquant.runner;

import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import org.alphaquant.device.CudaCheck;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.run.QuantizationRun;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.worker.DeviceSlots;
import org.alphaquant.worker.JobRunner;
import org.alphaquant.worker.RunsJobs;
import org.alphaquant.worker.WorkerSettings;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class RunnerConfiguration {

  @Bean
  RunnerMeters runnerMeters(MeterRegistry registry) {
    return new RunnerMeters(registry);
  }

  /** Runs jobs in the worker's threads. */
  @Configuration(proxyBeanMethods = false)
  @Conditional(RunsJobs.class)
  @ConditionalOnProperty(name = "alphaquant.runner.mode", havingValue = "thread")
  static class InThreads {

    @Bean
    JobRunner jobRunner(JobInputs inputs) {
      return new QuantizationRun(inputs);
    }

    @Bean
    CudaCheck cudaCheck() {
      return () -> Engine.getEngine("PyTorch").hasCapability(StandardCapabilities.CUDA);
    }
  }

  /** Runs jobs in child processes. */
  @Configuration(proxyBeanMethods = false)
  @Conditional(RunsJobs.class)
  @ConditionalOnProperty(
      name = "alphaquant.runner.mode",
      havingValue = "process",
      matchIfMissing = true)
  static class InProcesses {

    @Bean
    RunnerPool runnerPool(RunnerSettings settings, RunnerMeters meters) {
      return new RunnerPool(RunnerCommand.of(settings), settings, meters);
    }

    @Bean
    JobRunner jobRunner(
        @Qualifier("runnerPool") RunnerPool pool,
        RunnerSettings settings,
        WorkerSettings worker,
        SourceSettings sources,
        JobInputs inputs,
        RunnerMeters meters) {
      return new ProcessJobRunner(
          pool,
          settings,
          new MemoryLimit(settings, inputs),
          sources.models().roots(),
          sources.files().roots(),
          worker.cancelDeadline(),
          worker.lostLeases(),
          meters);
    }

    @Bean
    CudaCheck cudaCheck(@Qualifier("runnerPool") RunnerPool pool, RunnerSettings settings) {
      return () -> TorchStart.hasCuda(pool, settings.startTimeout());
    }

    @Bean
    TorchStart torchStart(@Qualifier("runnerPool") RunnerPool pool, DeviceSlots slots) {
      return new TorchStart(pool, slots);
    }
  }

  /** Tries tokenizers before a job is queued. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnProperty(
      name = "alphaquant.preflight.runner",
      havingValue = "true",
      matchIfMissing = true)
  static class Preflights {

    @Bean
    RunnerPool preflightPool(
        RunnerSettings jobs, PreflightSettings preflight, RunnerMeters meters) {
      RunnerSettings settings = preflight.runnerSettings(jobs);
      return new RunnerPool(RunnerCommand.of(settings), settings, meters);
    }

    @Bean
    TrialRunners trialRunners(
        @Qualifier("preflightPool") RunnerPool preflightPool,
        RunnerSettings jobs,
        ServerSettings server,
        ObjectProvider<TorchStart> torch) {
      Optional<RunnerPool> lender = torch.stream().findFirst().flatMap(TorchStart::warm);
      TrialRunners runners = new TrialRunners(preflightPool, lender, jobs.startTimeout());
      if (server.role() != ServerSettings.Role.WORKER) {
        runners.warmUp();
      }
      return runners;
    }

    @Bean
    PreflightRunners preflightRunners(
        TrialRunners runners, PreflightSettings preflight, SourceSettings sources) {
      return new PreflightRunners(runners, preflight, sources.models().roots());
    }

    @Bean
    PreflightTexts preflightTexts(
        TrialRunners runners, PreflightSettings preflight, SourceSettings sources) {
      return new PreflightTexts(
          runners, preflight, sources.models().roots(), sources.files().roots());
    }
  }
}
