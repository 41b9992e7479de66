package org.alphaquant.chat;

/** The text rendered so far, of bounded length. */
final class TextSink {

  private final Budget budget;
  private final StringBuilder text = new StringBuilder();

  TextSink(Budget budget) {
    this.budget = budget;
  }

  void write(String more) {
    budget.characters((long) more.length());
    if (text.length() + (long) more.length() > Budget.MAX_CHARACTERS) {
      throw new TemplateException(
          "the template writes more than " + Budget.MAX_CHARACTERS + " characters");
    }
    text.append(more);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
