package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerSentEventsTest {
  private final ServerSentEvents parser = new ServerSentEvents(Duration.ofSeconds(1));

  @Test
  void readsFieldsWithAndWithoutTheSpaceAfterTheColon() {
    assertThat(read("id:7", "event: progress", "data:{\"a\":1}", ""))
        .containsExactly(new ServerSentEvent("7", "progress", "{\"a\":1}"));
    assertThat(parser.lastEventId()).isEqualTo("7");
  }

  @Test
  void joinsLinesOfDataAndSkipsCommentsAndUnknownFields() {
    assertThat(read(": still here", "", "data: a", "colour: red", "data", "data: b", ""))
        .containsExactly(new ServerSentEvent("", "message", "a\n\nb"));
  }

  @Test
  void takesTheServersWordForHowLongToWait() {
    read("retry: 3000", "", "retry: soon", "");

    assertThat(parser.retry()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void resumesAfterTheLastCompleteEventWhenTheConnectionBreaksInTheNext() {
    assertThat(read("id: 1", "data: one", "", "id: 2", "event: state", "data: tw")).hasSize(1);
    assertThat(parser.lastEventId()).isEqualTo("1");

    parser.reconnected();

    assertThat(read("id: 2", "data: two", ""))
        .containsExactly(new ServerSentEvent("2", "message", "two"));
  }

  private List<ServerSentEvent> read(String... lines) {
    return List.of(lines).stream().flatMap(line -> parser.line(line).stream()).toList();
  }
}
