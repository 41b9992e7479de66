package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void columnsAreAsWideAsTheirLongestCell() {
    Table table = new Table("id", "state");
    table.row("a", "running");
    table.row("long", "");

    assertThat(table.render()).isEqualTo("id    state\na     running\nlong");
  }

  @Test
  void aRowOfAnotherLengthIsRefused() {
    assertThatThrownBy(() -> new Table("a", "b").row("1"))
        .hasMessage("a row of 1 cells under a heading of 2");
  }
}
