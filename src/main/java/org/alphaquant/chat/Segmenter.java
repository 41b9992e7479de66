package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into text and tags. As transformers sets Jinja up, the newline after a tag in
 * {@code {% %}} is dropped ({@code trim_blocks}) and so are the blanks before one that begins its
 * line ({@code lstrip_blocks}); a minus at either end of a tag takes all white space there, a plus
 * keeps it.
 */
final class Segmenter {

  private static final Pattern RAW_END =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)");

  private final String source;
  private final List<Segment> segments = new ArrayList<>();
  private int at;

  private Segmenter(String source) {
    this.source = source;
  }

  static List<Segment> segments(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    return new Segmenter(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source)
        .cut();
  }

  private List<Segment> cut() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        text(source.substring(at));
        break;
      }
      char kind = source.charAt(tag + 1);
      char mark = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      text(before(tag, mark, kind != '{'));
      at = tag + (mark == '-' || mark == '+' ? 3 : 2);
      switch (kind) {
        case '#' -> comment();
        case '{' -> segments.add(new Segment.Output(tokens("}}")));
        default -> statement();
      }
    }
    return segments;
  }

  private int nextTag() {
    for (int i = at; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** The text up to a tag, without the white space that the tag takes. */
  private String before(int tag, char mark, boolean statement) {
    String text = source.substring(at, tag);
    if (mark == '-') {
      return StringMethods.strip(text, Arguments.NONE, false, true);
    }
    int line = text.lastIndexOf('\n') + 1;
    boolean beginsLine = line > 0 || at == 0 || source.charAt(at - 1) == '\n';
    boolean blank = StringMethods.strip(text.substring(line), Arguments.NONE, true, true).isEmpty();
    return statement && mark != '+' && beginsLine && blank ? text.substring(0, line) : text;
  }

  private void text(String text) {
    if (!text.isEmpty()) {
      segments.add(new Segment.Text(text));
    }
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw new TemplateException("a comment is not closed");
    }
    closed(end > at ? source.charAt(end - 1) : ' ', end + 2, true);
  }

  private void statement() {
    List<Token> tokens = tokens("%}");
    if (tokens.isEmpty() || tokens.get(0).kind() != Token.Kind.NAME) {
      throw new TemplateException("a tag has no name");
    }
    if (tokens.size() == 1 && tokens.get(0).is("raw")) {
      raw();
    } else {
      segments.add(new Segment.Tag(tokens));
    }
  }

  private void raw() {
    Matcher end = RAW_END.matcher(source);
    if (!end.find(at)) {
      throw new TemplateException("raw is not closed");
    }
    String mark = end.group(1);
    text(before(end.start(), mark.isEmpty() ? ' ' : mark.charAt(0), true));
    at = end.end();
  }

  private List<Token> tokens(String close) {
    TagLexer lexer = new TagLexer(source, at, close);
    List<Token> tokens = lexer.tokens();
    closed(lexer.mark(), lexer.end(), close.equals("%}"));
    return tokens;
  }

  /** Goes on after a tag, and after the white space that it takes. */
  private void closed(char mark, int end, boolean statement) {
    at = end;
    if (mark == '-') {
      while (at < source.length() && StringMethods.isSpace(source.charAt(at))) {
        at++;
      }
    } else if (statement && mark != '+' && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }
}
