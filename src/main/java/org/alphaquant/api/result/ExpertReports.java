package org.alphaquant.api.result;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.springframework.stereotype.Component;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Expert utilization: from the result's file once there is one, and from the events until then. */
@Component
class ExpertReports {

  static final String FILE = "experts.json";

  private static final String EVENT = "experts";
  private static final int MOST_LAYERS = 10_000;

  // Stored by this service itself, so fields of a newer version are no error.
  private static final JsonMapper STORED =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final JobEvents events;
  private final ArtifactFolders folders;

  ExpertReports(JobEvents events, ArtifactFolders folders) {
    this.events = events;
    this.folders = folders;
  }

  ExpertUtilization of(Job job) {
    boolean finished = job.state() == JobState.SUCCEEDED;
    return finished && ArtifactList.of(job).has(FILE) ? fromFile(job) : fromEvents(job, finished);
  }

  private ExpertUtilization fromFile(Job job) {
    ExpertUtilization.Layer[] layers =
        STORED.treeToValue(
            STORED.readTree(folders.content(job, ArtifactList.of(job).find(FILE))).get("data"),
            ExpertUtilization.Layer[].class);
    return new ExpertUtilization(true, List.of(layers));
  }

  /** A layer that two attempts reported counts as the later one said. */
  private ExpertUtilization fromEvents(Job job, boolean complete) {
    Map<Integer, ExpertUtilization.Layer> layers = new TreeMap<>();
    for (JobEvent event : events.newest(job.id(), EVENT, MOST_LAYERS)) {
      ExpertUtilization.Layer layer =
          STORED.treeToValue(event.data(), ExpertUtilization.Layer.class);
      layers.putIfAbsent(layer.layer(), layer);
    }
    return new ExpertUtilization(complete, List.copyOf(layers.values()));
  }
}
