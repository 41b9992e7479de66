package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A few regular expressions that match some of a model's module names and none of the others, with
 * the same meaning in Python's {@code re.match} and in Java.
 *
 * <p>For all experts of a layer the expression ends with {@code experts\..*}: vLLM looks experts up
 * as {@code experts.0.gate_proj} even in models that call the projection {@code w1}.
 */
public final class NamePatterns {
  private static final Pattern EXPERT = Pattern.compile("(.+\\.experts)\\.\\d+\\..+");

  private final Collection<String> universe;
  private final String insideExperts;
  private final Map<String, Long> expertBlocks;
  private final Map<List<String>, List<SortedSet<Integer>>> numbersInUse = new HashMap<>();

  /**
   * @param universe names of all modules that must not be confused
   * @param insideExperts what follows {@code experts} where all of a layer's experts are meant
   */
  public NamePatterns(Collection<String> universe, String insideExperts) {
    this.universe = universe;
    this.insideExperts = insideExperts;
    this.expertBlocks = expertBlocks(universe);
    universe.forEach(this::use);
    expertBlocks.keySet().forEach(this::use);
  }

  private void use(String name) {
    NumberedName numbered = NumberedName.of(name);
    List<SortedSet<Integer>> inUse =
        numbersInUse.computeIfAbsent(numbered.template(), key -> new ArrayList<>());
    for (int index = 0; index < numbered.numbers().size(); index++) {
      if (index == inUse.size()) {
        inUse.add(new TreeSet<>());
      }
      inUse.get(index).add(numbered.numbers().get(index));
    }
  }

  private static Map<String, Long> expertBlocks(Collection<String> names) {
    return names.stream()
        .map(EXPERT::matcher)
        .filter(Matcher::matches)
        .collect(Collectors.groupingBy(match -> match.group(1), Collectors.counting()));
  }

  /** Expressions that between them match each of {@code members} once, and nothing else. */
  public List<String> matching(Set<String> members) {
    Set<String> whole =
        expertBlocks(members).entrySet().stream()
            .filter(block -> block.getValue().equals(expertBlocks.get(block.getKey())))
            .map(Map.Entry::getKey)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> single = new TreeSet<>(members);
    single.removeIf(name -> isInside(whole, name));
    List<String> expressions = new ArrayList<>();
    render(whole).forEach(expression -> expressions.add(expression + insideExperts));
    render(single).forEach(expression -> expressions.add(expression + "$"));
    verify(expressions, members);
    return expressions;
  }

  private static boolean isInside(Set<String> blocks, String name) {
    Matcher match = EXPERT.matcher(name);
    return match.matches() && blocks.contains(match.group(1));
  }

  private List<String> render(Set<String> names) {
    Map<List<String>, List<List<Integer>>> points = new LinkedHashMap<>();
    for (String name : names) {
      NumberedName numbered = NumberedName.of(name);
      points.computeIfAbsent(numbered.template(), key -> new ArrayList<>()).add(numbered.numbers());
    }
    Map<String, SortedSet<String>> endings = new LinkedHashMap<>();
    points.forEach(
        (template, numbers) ->
            NumberBox.cover(numbers).forEach(box -> addTo(endings, segments(template, box))));
    List<String> expressions = new ArrayList<>();
    endings.forEach((start, ends) -> expressions.add(start + alternatives(ends)));
    return expressions;
  }

  private static void addTo(Map<String, SortedSet<String>> endings, List<String> segments) {
    int last = segments.size() - 1;
    String start =
        segments.subList(0, last).stream()
            .map(segment -> segment + "\\.")
            .collect(Collectors.joining());
    endings.computeIfAbsent(start, key -> new TreeSet<>()).add(segments.get(last));
  }

  private List<String> segments(List<String> template, NumberBox box) {
    List<SortedSet<Integer>> inUse = numbersInUse.get(template);
    List<String> segments = new ArrayList<>();
    int number = 0;
    for (String segment : template) {
      if (segment.equals(NumberedName.NUMBER)) {
        SortedSet<Integer> set = box.sets().get(number);
        segments.add(set.equals(inUse.get(number)) ? "\\d+" : NumberPattern.of(set));
        number++;
      } else {
        segments.add(segment.replaceAll("\\W", "\\\\$0"));
      }
    }
    return segments;
  }

  private static String alternatives(SortedSet<String> endings) {
    return endings.size() == 1 ? endings.first() : "(?:" + String.join("|", endings) + ")";
  }

  private void verify(List<String> expressions, Set<String> members) {
    List<Pattern> patterns = expressions.stream().map(Pattern::compile).toList();
    for (String name : universe) {
      long hits = patterns.stream().filter(pattern -> pattern.matcher(name).lookingAt()).count();
      if (hits != (members.contains(name) ? 1 : 0)) {
        throw new IllegalStateException(
            "%d of the expressions %s match %s".formatted(hits, expressions, name));
      }
    }
  }
}
