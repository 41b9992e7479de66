package org.alphaquant.api.result;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Expert utilization: from the result's file once there is one, and from the events until then. */
@Component
class ExpertReports {

  static final String FILE = "experts.json";

  private static final String EVENT = "experts";
  private static final int MOST_LAYERS = 10_000;

  private static final JsonMapper JSON = JsonMapper.shared();

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
    JsonNode file = JSON.readTree(folders.content(job, ArtifactList.of(job).find(FILE)));
    return new ExpertUtilization(true, List.copyOf(file.get("data").values()));
  }

  /** If two attempts reported a layer, the later report counts. */
  private ExpertUtilization fromEvents(Job job, boolean complete) {
    Map<Integer, JsonNode> layers = new TreeMap<>();
    for (JobEvent event : events.newest(job.id(), EVENT, MOST_LAYERS)) {
      layers.putIfAbsent(ExpertUtilization.layer(event.data()), event.data());
    }
    return new ExpertUtilization(complete, List.copyOf(layers.values()));
  }
}
