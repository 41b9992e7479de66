// What a block of the two kernels below has in shared memory: inputs first..first+BLOCK-1 of a matrix
// among themselves, transposed, so that what an input takes of those before it lies together; the group
// of each; and of every thread what its output's inputs still wait for. The code that is laid out one
// column after the other is for PART inputs: that of all of them would not fit the instruction cache.
#define PART 16
#define OUTPUTS 128
#define PITCH (BLOCK + 4)
struct Columns {
  float matrix[BLOCK][PITCH];
  float rest[BLOCK][OUTPUTS];
  float inverse_diagonal[BLOCK];
  int of_group[BLOCK];
};
extern __shared__ __align__(16) float shared[];

// BYTES from global to shared memory behind the thread's back, zeros where there is nothing to copy.
template <int BYTES>
__device__ __forceinline__ void copy_ahead(float* shared, const float* global, bool there) {
  unsigned to = (unsigned)__cvta_generic_to_shared(shared);
  int bytes = there ? BYTES : 0;
  if (BYTES == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes));
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(global), "r"(bytes));
}

// Fills it, all of which is asked for before any of it is waited for. Beyond `count` inputs nothing is read
// and nothing moves.
__device__ __forceinline__ void load_block(
    Columns& own, const float* Rest, const float* M, const int* group, long b, int K, int R, int r,
    int first, int count) {
  const float* rest = Rest + (b * K + first) * R + r;
  const float* matrix = M + (b * K + first) * K + first;
#pragma unroll 16
  for (int i = 0; i < BLOCK; i++) {
    bool there = i < count && r < R;
    copy_ahead<4>(&own.rest[i][threadIdx.x], there ? rest + (long)i * R : Rest, there);
  }
#pragma unroll 16
  for (int t = threadIdx.x; t < BLOCK * BLOCK; t += OUTPUTS) {
    int i = t / BLOCK, j = t % BLOCK;
    bool there = i < count && j < count;
    copy_ahead<4>(&own.matrix[j][i], there ? matrix + (long)i * K + j : M, there);
  }
  if (threadIdx.x < BLOCK) {
    int i = min((int)threadIdx.x, count - 1);
    own.of_group[threadIdx.x] = group[b * K + first + i];
    own.inverse_diagonal[threadIdx.x] = 1.0f / matrix[(long)i * K + i];
  }
}

// x - sum over i < PART, i < count of row[i] moves[i].
template <int COUNT>
__device__ __forceinline__ float without(float x, const float* row, const float (&moves)[PART]) {
#pragma unroll
  for (int i = 0; i < PART; i += 4) {
    if (i < COUNT) {
      float4 four = *(const float4*)&row[i];
      if (i + 0 < COUNT) x -= four.x * moves[i];
      if (i + 1 < COUNT) x -= four.y * moves[i + 1];
      if (i + 2 < COUNT) x -= four.z * moves[i + 2];
      if (i + 3 < COUNT) x -= four.w * moves[i + 3];
    }
  }
  return x;
}

// One column after the other of PART, and within each what depends on the columns before it.
template <bool FEEDBACK, int I>
struct Column {
  static __device__ __forceinline__ void take(
      const Columns& own, int start, const float (&rest)[PART], const float (&weight)[PART],
      const float (&scale)[PART], const float (&zero)[PART], float (&q)[PART], float (&moves)[PART],
      const Grid& grid) {
    float g = without<I>(rest[I], &own.matrix[start + I][start], moves);
    float wanted = FEEDBACK ? g : g * own.inverse_diagonal[start + I];
    q[I] = quantize(weight[I] + wanted, scale[I], inverse(scale[I]), zero[I], grid);
    moves[I] = q[I] - weight[I];
    Column<FEEDBACK, I + 1>::take(own, start, rest, weight, scale, zero, q, moves, grid);
  }
};

template <bool FEEDBACK>
struct Column<FEEDBACK, PART> {
  static __device__ __forceinline__ void take(
      const Columns&, int, const float (&)[PART], const float (&)[PART], const float (&)[PART],
      const float (&)[PART], float (&)[PART], float (&)[PART], const Grid&) {}
};

template <bool FEEDBACK>
__device__ __forceinline__ void take_columns(
    float* __restrict__ Rest, const float* __restrict__ M, const float* __restrict__ scale,
    const float* __restrict__ zero, const int* __restrict__ group, const float* Original, float* Q,
    int K, int R, int G, int first, const Grid& grid) {
  Columns& own = *(Columns*)shared;
  long b = blockIdx.y;
  int t = threadIdx.x, r = blockIdx.x * OUTPUTS + t;
  int count = min(BLOCK, K - first);
  long begin = (b * K + first) * R + r;
  load_block(own, Rest, M, group, b, K, R, r, first, count);
  float ahead[PART];
#pragma unroll
  for (int i = 0; i < PART; i++) ahead[i] = i < count && r < R ? Original[begin + (long)i * R] : 0.0f;
  asm volatile("cp.async.wait_all;");
  __syncthreads();
  if (r >= R) return;
  const float* scales = scale + b * G * R + r;
  const float* zeros = zero + b * G * R + r;
#pragma unroll 1
  for (int start = 0; start < BLOCK; start += PART) {
    float rest[PART], weight[PART], s[PART], z[PART], q[PART], moves[PART];
#pragma unroll
    for (int i = 0; i < PART; i++) {
      rest[i] = own.rest[start + i][t];
      s[i] = scales[(long)own.of_group[start + i] * R];
      z[i] = SYMMETRIC ? 0.0f : zeros[(long)own.of_group[start + i] * R];
      weight[i] = ahead[i];
      // What the next part takes is on its way while this one is taken.
      int next = start + PART + i;
      ahead[i] = next < count && next < BLOCK ? Original[begin + (long)next * R] : 0.0f;
    }
    Column<FEEDBACK, 0>::take(own, start, rest, weight, s, z, q, moves, grid);
#pragma unroll
    for (int i = 0; i < PART; i++) {
      if (start + i < count) Q[begin + (long)(start + i) * R] = q[i];
      if (start + i < count) Rest[begin + (long)(start + i) * R] = moves[i];
    }
#pragma unroll 4
    for (int j = start + PART; j < BLOCK; j++)
      own.rest[j][t] = without<PART>(own.rest[j][t], &own.matrix[j][start], moves);
  }
}

// Algorithm 1 for inputs first..first+BLOCK-1 in the form of LDLQ, which gives the same codes without an
// inverse (Chee et al. 2023, QuIP, theorem 6): with H = N D N^T, N upper triangular with a diagonal of
// ones, an input's weight moves by what the errors of those before it, against their original weights,
// count in its column of N. W [B, K, R] are the original weights, Correction what they move by, Q the
// result. What an input was moved by is used up with it: its error takes that place, for `update` to spread
// over the inputs still to come. group [B, K] is the group of each input.
extern "C" __global__ void __launch_bounds__(OUTPUTS) error_feedback(
    float* __restrict__ Correction, const float* __restrict__ N, const float* __restrict__ scale,
    const float* __restrict__ zero, const int* __restrict__ group, float* __restrict__ Q,
    const float* __restrict__ W, int K, int R, int G, int first, Grid grid) {
  take_columns<true>(Correction, N, scale, zero, group, W, Q, K, R, G, first, grid);
}

// Coordinate descent over inputs first..first+BLOCK-1, in place: each weight moves to the grid value
// that is best while the others stay. Residual [B, K, R] is H (W - Q); an input's move takes the place of
// its residual, for `update` to take from the residuals still to be read.
extern "C" __global__ void __launch_bounds__(OUTPUTS) descend(
    float* __restrict__ Residual, const float* __restrict__ H, const float* __restrict__ scale,
    const float* __restrict__ zero, const int* __restrict__ group, float* Q, int K, int R, int G,
    int first, Grid grid) {
  take_columns<false>(Residual, H, scale, zero, group, Q, Q, K, R, G, first, grid);
}
