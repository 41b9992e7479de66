import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.JobsApi;
import org.openapitools.client.api.PlanningApi;
import org.openapitools.client.api.ResultsApi;
import org.openapitools.client.model.Calibration;
import org.openapitools.client.model.QuantizationConfig;
import org.openapitools.client.model.Event;
import org.openapitools.client.model.JobSpec;
import org.openapitools.client.model.Scheme;
import org.openapitools.client.model.WeightFormat;

/** A whole job through the client that openapi-generator makes for Java's own HTTP client. */
public final class WholeJob {

  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(arguments[0]);
    JobsApi jobs = new JobsApi(client);
    ResultsApi results = new ResultsApi(client);
    JobSpec spec =
        new JobSpec()
            .model("olmoe")
            .config(new QuantizationConfig()._default(new Scheme().wq(WeightFormat.INT4).groupSize(32)))
            .calibration(
                new Calibration()
                    .texts(List.of("The quick brown fox jumps over the lazy dog."))
                    .samples(1)
                    .sequenceLength(8));
    var plan = new PlanningApi(client).planJob(spec, null, null, null);
    UUID id = jobs.createJob(spec, null).getId();
    List<Event> seen = events(arguments[0], id);
    var done = jobs.getJob(id, null, null);
    var experts = results.listExperts(id, null);
    var files = results.listArtifacts(id);
    int deleted = jobs.deleteJobWithHttpInfo(id).getStatusCode();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("format", plan.getFormat());
    report.put("state", done.getState());
    report.put("events", seen.get(seen.size() - 1).getSeq());
    report.put("layers", experts.getData().size());
    report.put("files", files.getData().size());
    report.put("deleted", deleted);
    System.out.println(new ObjectMapper().writeValueAsString(report));
  }

  // The interceptor has the answer before the client would read it to its end.
  private static List<Event> events(String url, UUID id) throws Exception {
    List<Event> seen = new ArrayList<>();
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    client.setResponseInterceptor(answer -> read(client, answer, seen));
    new JobsApi(client).followEvents(id, null, null);
    return seen;
  }

  private static void read(ApiClient client, HttpResponse<InputStream> answer, List<Event> seen) {
    BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body()));
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data:")) {
          seen.add(client.getObjectMapper().readValue(line.substring(5), Event.class));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
