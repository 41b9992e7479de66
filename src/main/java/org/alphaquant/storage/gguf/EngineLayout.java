package org.alphaquant.storage.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.storage.gguf.EngineTensor.Part;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/** The engine's tensors for a model's; what finds no place is named. */
final class EngineLayout {

  private static final Pattern LAYER = Pattern.compile("layers\\.(\\d+)\\.(.+)");
  private static final Pattern EMBEDDING =
      Pattern.compile("(.*?)(?:embed_tokens|embeddings)\\.weight");
  private static final String SHARED_PAIR = "shared_mlp.input_linear.weight";
  private static final String KERNEL = "shortconv.conv";
  private static final String COMPRESSED = "self_attn.kv_b_proj.weight";

  private final EngineFamily family;
  private final FamilyConfig config;
  private final EngineNames names;
  private final String prefix;
  private final Map<String, List<Long>> shapes;
  private final Map<String, EngineTensor> tensors = new LinkedHashMap<>();
  private final Map<String, SortedMap<Integer, String>> stacks = new LinkedHashMap<>();
  private final List<String> homeless = new ArrayList<>();

  private EngineLayout(EngineFamily family, FamilyConfig config, Map<String, List<Long>> shapes) {
    this.family = family;
    this.config = config;
    this.names = new EngineNames(family.names());
    this.shapes = shapes;
    this.prefix =
        shapes.keySet().stream()
            .map(EMBEDDING::matcher)
            .filter(Matcher::matches)
            .map(found -> found.group(1))
            .findFirst()
            .orElse("");
  }

  /**
   * Places the tensors.
   *
   * @param shapes of the model's tensors by name: every module by itself, experts one by one
   */
  static EngineLayout of(EngineFamily family, FamilyConfig config, Map<String, List<Long>> shapes) {
    EngineLayout layout = new EngineLayout(family, config, shapes);
    Set<String> unread = Set.copyOf(config.model().unread());
    shapes.keySet().stream().filter(name -> !unread.contains(name)).forEach(layout::place);
    layout.stacks.forEach(layout::stack);
    layout.head();
    RotaryFactors.of(family.architecture(), config)
        .ifPresent(
            factors ->
                layout.put(
                    "rope_freqs.weight",
                    List.of((long) factors.values().length),
                    List.of(factors)));
    return layout;
  }

  /** The engine's tensors. */
  List<EngineTensor> tensors() {
    return List.copyOf(tensors.values());
  }

  /** Tensors of the model that the architecture has no place for. */
  List<String> homeless() {
    return List.copyOf(homeless);
  }

  private void place(String name) {
    String inside = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    Matcher layer = LAYER.matcher(inside);
    boolean placed =
        layer.matches()
            ? inLayer(name, "blk." + layer.group(1) + ".", layer.group(2))
            : top(name, inside);
    if (!placed) {
      homeless.add(name);
    }
  }

  private boolean top(String name, String inside) {
    Optional<String> own = EngineNames.top(module(inside));
    own.ifPresent(
        it -> put(it + suffix(inside), shapes.get(name), List.of(rows(name, it, List.of()))));
    return own.isPresent();
  }

  private boolean inLayer(String name, String block, String inside) {
    if (inside.equals(COMPRESSED)) {
      compressed(name, block);
      return true;
    }
    if (inside.equals(SHARED_PAIR)) {
      sharedPair(name, block);
      return true;
    }
    List<EngineTensor> recurrent = new RecurrentTensors(config, block).of(name, shapes.get(name));
    if (!recurrent.isEmpty()) {
      recurrent.forEach(tensor -> tensors.put(tensor.name(), tensor));
      return true;
    }
    Optional<String> stack = EngineNames.stack(module(inside)).filter(it -> isAdded(it, inside));
    if (stack.isPresent()) {
      stacks
          .computeIfAbsent(block + stack.get() + suffix(inside), key -> new TreeMap<>())
          .put(EngineNames.expert(module(inside)), name);
      return true;
    }
    Optional<String> own =
        names
            .inLayer(inside)
            .or(() -> names.inLayer(module(inside)))
            .filter(it -> isAdded(it, inside));
    own.ifPresent(it -> single(name, block, it, inside));
    return own.isPresent();
  }

  private boolean isAdded(String own, String inside) {
    return !inside.endsWith(".bias") || family.biases().contains(own);
  }

  private void single(String name, String block, String own, String inside) {
    List<Long> shape = shapes.get(name);
    if (own.equals("ffn_gate_inp_shexp")) {
      shape = List.of(shape.get(0) * shape.get(1));
    }
    if (own.equals(KERNEL)) {
      shape = List.of(shape.get(0), shape.get(2));
    }
    put(block + own + suffix(own, inside), shape, List.of(rows(name, own, shape)));
  }

  // A router's correction bias, factors of experts and attention sinks are parameters without a
  // module.
  private String suffix(String own, String inside) {
    if (own.endsWith(".scale")) {
      return "";
    }
    return switch (own) {
      case "exp_probs_b" -> family.architecture().equals("hy_v3") ? "" : ".bias";
      case "attn_sinks" -> ".weight";
      default -> suffix(inside);
    };
  }

  private Rows rows(String name, String own, List<Long> shape) {
    if (family.normsPlusOne() && name.endsWith("norm.weight")) {
      return new Rows(name, null, false, Change.PLUS_ONE);
    }
    if (!family.adjacentPairs() || !own.equals("attn_q") && !own.equals("attn_k")) {
      return Rows.all(name);
    }
    long heads = own.equals("attn_q") ? config.heads() : config.keyHeads();
    int[] order = RotaryRows.interleaved((int) heads, Math.toIntExact(shape.get(0)));
    return new Rows(name, order, false);
  }

  // For each head the rows of kv_b that give keys, transposed so that queries can be multiplied
  // with them, and the rows that give values.
  private void compressed(String name, String block) {
    long rank = shapes.get(name).get(1);
    int heads = (int) config.heads();
    int plain = (int) config.integer(0, "qk_nope_head_dim");
    int value = (int) config.integer(0, "v_head_dim");
    List<Part> keys = new ArrayList<>();
    for (int head = 0; head < heads; head++) {
      int first = head * (plain + value);
      keys.add(new Rows(name, RotaryRows.slices(1, 0, first, first + plain), true));
    }
    put(block + "attn_k_b.weight", List.of((long) heads, rank, (long) plain), keys);
    int[] values = RotaryRows.slices(heads, plain + value, plain, plain + value);
    put(
        block + "attn_v_b.weight",
        List.of((long) heads, (long) value, rank),
        List.of(new Rows(name, values, false)));
  }

  // The rows of the gate, then those of up.
  private void sharedPair(String name, String block) {
    int rows = Math.toIntExact(shapes.get(name).get(0));
    List<Long> half = List.of(rows / 2L, shapes.get(name).get(1));
    int[] gate = RotaryRows.slices(1, rows, 0, rows / 2);
    int[] up = RotaryRows.slices(1, rows, rows / 2, rows);
    put(block + "ffn_gate_shexp.weight", half, List.of(new Rows(name, gate, false)));
    put(block + "ffn_up_shexp.weight", half, List.of(new Rows(name, up, false)));
  }

  private void stack(String name, SortedMap<Integer, String> experts) {
    List<Long> shape = new ArrayList<>(List.of((long) experts.size()));
    shape.addAll(shapes.get(experts.get(experts.firstKey())));
    put(name, shape, experts.values().stream().<Part>map(Rows::all).toList());
  }

  private void head() {
    if (family.ownHead() && !tensors.containsKey("output.weight")) {
      EngineTensor embedding = tensors.get("token_embd.weight");
      put("output.weight", embedding.shape(), embedding.parts());
    }
  }

  private void put(String name, List<Long> shape, List<Part> parts) {
    boolean router = name.contains("ffn_gate_inp");
    boolean kernel = name.contains(KERNEL) || name.contains("conv1d");
    boolean matrix = shape.size() > 1 && !router && !kernel && name.endsWith(".weight");
    tensors.put(name, new EngineTensor(name, shape, parts, matrix));
  }

  private static String module(String tensor) {
    return tensor.endsWith(".weight") || tensor.endsWith(".bias")
        ? tensor.substring(0, tensor.lastIndexOf('.'))
        : tensor;
  }

  private static String suffix(String tensor) {
    return tensor.endsWith(".bias") ? ".bias" : ".weight";
  }
}
