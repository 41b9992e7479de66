// Candidate i of a group's scale and zero point, as in scales.candidate.
__device__ inline void candidate(
    float least, float greatest, int i, const float* factors, float outer, const Grid& grid,
    float& scale, float& zero) {
  zero = 0.0f;
  float amax = fmaxf(-least, greatest);
#if SCALE_KIND == 1
  int exponent, top;
  frexpf(amax, &exponent);
  frexpf(grid.greatest, &top);
  int shift = i == 0 ? 0 : i == 1 ? -1 : 1;
  int e = min(max(exponent - top + shift, -127), 127);
  scale = power_of_two(amax > 0.0f ? e : 0);
#elif SCALE_KIND == 2 || SCALE_KIND == 4
  int shift = (i + 1) / 2 * (i % 2 == 1 ? -1 : 1);
  float local = e4m3(amax * (1.0f / grid.greatest) / outer);
  float step = power_of_two(max(exponent_of(local), -6) - 3);
  local = e4m3(local + step * shift);
  scale = (local > 0.0f ? local : 0.125f) * outer;
#elif SYMMETRIC
  scale = real_scale(amax * factors[i], grid.scale_dtype);
#else
  float low = fminf(least, 0.0f) * factors[i], high = fmaxf(greatest, 0.0f) * factors[i];
  scale = real_scale((high - low) * (1.0f / (grid.greatest - grid.least)), grid.scale_dtype);
  zero = fminf(fmaxf(rintf(grid.least - low / scale), grid.least), grid.greatest);
#endif
}

template <int LANES>
__device__ inline float summed(float x) {
#pragma unroll
  for (int offset = LANES / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(~0u, x, offset);
  return x;
}

template <int LANES>
__device__ inline float largest(float x) {
#pragma unroll
  for (int offset = LANES / 2; offset > 0; offset /= 2)
    x = fmaxf(x, __shfl_xor_sync(~0u, x, offset));
  return x;
}

// scales.search: LANES threads take one group, EACH weights per thread in registers, or with EACH 0
// the group from memory. w [B, R, K], importance [B, K] or null, scale and zero [B, R, G].
template <int LANES, int EACH>
__device__ inline void search_group(
    const float* w, const float* importance, const float* factors, const float* outer, float* scale,
    float* zero, int K, int R, int G, long groups, int candidates, Grid grid) {
  long index = ((long)blockIdx.x * blockDim.x + threadIdx.x) / LANES;
  int lane = threadIdx.x % LANES;
  bool own = index < groups;
  index = own ? index : groups - 1;
  long b = index / G / R;
  const float* x = w + index * grid.group_size;
  const float* counts = importance == nullptr ? nullptr : importance + b * K + index % G * grid.group_size;
  int each = EACH == 0 ? (grid.group_size + LANES - 1) / LANES : EACH;
  float v[EACH == 0 ? 1 : EACH], weight[EACH == 0 ? 1 : EACH];
  float low = INFINITE, high = -INFINITE;
#pragma unroll
  for (int i = 0; i < each; i++) {
    int at = i * LANES + lane;
    if (at < grid.group_size) {
      if (EACH != 0) {
        v[i] = x[at];
        weight[i] = counts == nullptr ? 1.0f : counts[at];
      }
      low = fminf(low, x[at]);
      high = fmaxf(high, x[at]);
    }
  }
  low = -largest<LANES>(-low);
  high = largest<LANES>(high);
  float best = INFINITE, best_scale, best_zero;
  candidate(low, high, 0, factors, outer[b], grid, best_scale, best_zero);
  for (int c = 0; c < candidates; c++) {
    float s, z, error = 0.0f;
    candidate(low, high, c, factors, outer[b], grid, s, z);
    float one_over_s = inverse(s);
#pragma unroll
    for (int i = 0; i < each; i++) {
      int at = i * LANES + lane;
      if (EACH != 0 || at < grid.group_size) {
        float value = EACH != 0 ? v[i] : x[at];
        float difference = quantize(value, s, one_over_s, z, grid) - value;
        float counted = EACH != 0 ? weight[i] : counts == nullptr ? 1.0f : counts[at];
        error += difference * difference * counted;
      }
    }
    error = summed<LANES>(error);
    error = counts == nullptr ? sqrtf(error) : error;
    if (error < best) {
      best = error;
      best_scale = s;
      best_zero = z;
    }
  }
  if (own && lane == 0) {
    scale[index] = best_scale;
    zero[index] = best_zero;
  }
}

#define SEARCH(NAME, LANES, EACH)                                                                \
  extern "C" __global__ void NAME(                                                               \
      const float* w, const float* importance, const float* factors, const float* outer,         \
      float* scale, float* zero, int K, int R, int G, long groups, int candidates, Grid grid) {  \
    search_group<LANES, EACH>(                                                                   \
        w, importance, factors, outer, scale, zero, K, R, G, groups, candidates, grid);          \
  }

SEARCH(search_16, 16, 1)
SEARCH(search_32, 32, 1)
SEARCH(search_64, 8, 8)
SEARCH(search_128, 8, 16)
SEARCH(search_256, 16, 16)
SEARCH(search_any, 32, 0)
