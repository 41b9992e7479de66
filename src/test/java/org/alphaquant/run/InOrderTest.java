package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InOrderTest {

  private static final List<Integer> ITEMS = IntStream.range(0, 100).boxed().toList();

  @Test
  void allWorkIsDoneAndCountedOnTheCallersThread() {
    ConcurrentSkipListSet<Integer> done = new ConcurrentSkipListSet<>();
    Thread caller = Thread.currentThread();
    int[] between = {0};
    InOrder.forEach(
        4,
        ITEMS,
        done::add,
        () -> {
          assertThat(Thread.currentThread()).isSameAs(caller);
          between[0]++;
        });
    assertThat(done).containsExactlyElementsOf(ITEMS);
    assertThat(between[0]).isEqualTo(ITEMS.size());
  }

  @Test
  void theFirstItemsFailureIsTheOneThatIsThrown() {
    CountDownLatch later = new CountDownLatch(1);
    assertThatThrownBy(
            () ->
                InOrder.forEach(
                    2,
                    List.of(3, 8),
                    item -> {
                      if (item == 8) {
                        later.countDown();
                      } else {
                        awaited(later);
                      }
                      throw new IllegalArgumentException("item " + item);
                    },
                    () -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("item 3");
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
