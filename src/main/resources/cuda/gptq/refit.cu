// The scales that are best for codes as they are, one group after another from `first_group` on and
// where that lowers the objective, as in gptq.refit_scales. Q [B, K, R] and scale [B, G, R] change in
// place; Step [B, groups x size, R] is what Q moved by. A [B, groups (groups + 1) / 2, R] is what
// `gram_of_groups` gives, so that what one group's move takes from the residuals of the next is known.
// A block takes 32 outputs, and each of its SLICES warps every SLICES-th input of them, AHEAD at once.
#define SLICES 8
#define AHEAD 16
#define MOST_GROUPS 16
extern "C" __global__ void __launch_bounds__(SLICES * 32) refit(
    float* __restrict__ Q, const float* __restrict__ Residual, const float* __restrict__ A,
    float* __restrict__ scale, const float* __restrict__ outer, float* __restrict__ Step, int K, int R,
    int G, int first_group, int groups, Grid grid) {
  __shared__ float slopes[SLICES][32];
  __shared__ float moves[MOST_GROUPS][32];
  long b = blockIdx.y;
  int lane = threadIdx.x % 32, slice = threadIdx.x / 32;
  int r = blockIdx.x * 32 + lane;
  bool there = r < R;
  int size = grid.group_size;
  const float* pulls = A + b * (groups * (groups + 1) / 2) * R + r;
  for (int i = 0; i < groups; i++) {
    float* of_group = scale + (b * G + first_group + i) * R + r;
    long begin = (b * K + (long)(first_group + i) * size) * R + r;
    float s = there ? *of_group : 1.0f, one_over_s = inverse(s);
    float codes[AHEAD], part = 0.0f;
    for (int k0 = slice; k0 < size; k0 += SLICES * AHEAD) {
      float residual[AHEAD];
#pragma unroll
      for (int t = 0; t < AHEAD; t++) {
        int k = k0 + t * SLICES;
        bool own = there && k < size;
        codes[t] = own ? Q[begin + (long)k * R] : 0.0f;
        residual[t] = own ? Residual[begin + (long)k * R] : 0.0f;
      }
#pragma unroll
      for (int t = 0; t < AHEAD; t++) {
        codes[t] = quotient(codes[t], s, one_over_s);
        part += codes[t] * residual[t];
      }
    }
    slopes[slice][lane] = part;
    __syncthreads();
    float slope = 0.0f;
#pragma unroll
    for (int t = 0; t < SLICES; t++) slope += slopes[t][lane];
    const float* row = pulls + (long)(i * (i + 1) / 2) * R;
    for (int j = 0; j < i; j++) slope -= there ? row[(long)j * R] * moves[j][lane] : 0.0f;
    float curvature = there ? row[(long)i * R] : 1.0f;
    float fitted = s + slope / (curvature > 0.0f ? curvature : 1.0f);
#if SCALE_KIND == 0
    float side = s < 0.0f ? -1.0f : 1.0f;
    fitted = side * real_scale(side * fitted, grid.scale_dtype);
#else
    fitted = e4m3(fitted / outer[b]) * outer[b];
#endif
    float move = fitted - s;
    bool better = move * (move * curvature - 2.0f * slope) < 0.0f && fitted / s > 0.0f;
    float stays = better ? fitted : s;
    move = better ? move : 0.0f;
    // All have read the scale and the slopes before they change.
    __syncthreads();
    if (slice == 0) {
      moves[i][lane] = move;
      if (there) *of_group = stays;
    }
    float* step = Step + (b * groups * size + (long)i * size) * R + r;
    for (int k0 = slice; k0 < size; k0 += SLICES * AHEAD) {
      // Of a longer group only the last inputs are still at hand.
      if (size > SLICES * AHEAD) {
#pragma unroll
        for (int t = 0; t < AHEAD; t++) {
          int k = k0 + t * SLICES;
          codes[t] = there && k < size ? quotient(Q[begin + (long)k * R], s, one_over_s) : 0.0f;
        }
      }
#pragma unroll
      for (int t = 0; t < AHEAD; t++) {
        int k = k0 + t * SLICES;
        if (there && k < size) {
          Q[begin + (long)k * R] = codes[t] * stays;
          step[(long)k * R] = codes[t] * move;
        }
      }
    }
    __syncthreads();
  }
}
