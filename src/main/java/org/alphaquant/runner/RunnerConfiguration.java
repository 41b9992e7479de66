package org.alphaquant.runner;

import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import org.alphaquant.device.CudaCheck;
import org.alphaquant.job.JobPlanner;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.run.QuantizationRun;
import org.alphaquant.worker.JobRunner;
import org.alphaquant.worker.RunsJobs;
import org.alphaquant.worker.WorkerSettings;
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

  /** Jobs in the worker's own threads. */
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

  /** Jobs in processes of their own. */
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
        RunnerPool pool,
        RunnerSettings settings,
        WorkerSettings worker,
        SourceSettings sources,
        JobPlanner planner,
        RunnerMeters meters) {
      return new ProcessJobRunner(
          pool,
          settings,
          new MemoryLimit(settings, planner),
          sources.models().roots(),
          sources.files().roots(),
          worker.cancelDeadline(),
          worker.lostLeases(),
          meters);
    }

    @Bean
    CudaCheck cudaCheck(RunnerPool pool, RunnerSettings settings) {
      return () -> TorchStart.hasCuda(pool, settings.startTimeout());
    }

    @Bean
    TorchStart torchStart(RunnerPool pool, WorkerSettings worker) {
      return new TorchStart(pool, worker.devices().equals(List.of("cpu")));
    }
  }
}
